/** Runs the cluster tests that hold the allow-list tables to Kubernetes' own definitions and to a real API server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ProofFailure, type Prove } from "@obsyk/testkit";

const folder = fileURLToPath(new URL("../cluster/", import.meta.url));

export const prove: Prove = async (context) => {
  const files = (await readdir(folder)).filter((name) => /^field-tables.*\.test\.ts$/.test(name));
  if (files.length === 0) throw new Error("test/cluster has no field-tables test");
  const child = spawn(
    process.execPath,
    [
      ...context.nodeArguments,
      "--test",
      "--test-reporter=tap",
      ...files.map((name) => `${folder}${name}`),
    ],
    { stdio: ["ignore", "pipe", "inherit"], signal: context.signal },
  );
  const [report] = await Promise.all([text(child.stdout), once(child, "close")]);
  const count = (what: string): number =>
    Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(report)?.[1] ?? 0);
  const broken = findBroken(report);
  if (broken !== undefined) throw new Error(`the tests did not run: ${broken}`);
  const failed = failuresOf(report);
  if (failed.length > 0) throw new ProofFailure(`failed: ${failed.join("; ")}`);
  const passed = count("pass");
  if (count("skipped") + count("todo") + count("cancelled") > 0 || passed === 0) {
    throw new ProofFailure(`${passed} passed, and some did not run`);
  }
  const figure = /^# FIGURE (.*)$/m.exec(report)?.[1];
  const kubernetes = /^# KUBERNETES (.*)$/m.exec(report)?.[1];
  if (figure === undefined || kubernetes === undefined) {
    throw new ProofFailure("the tests passed without comparing real objects");
  }
  return { figure: `${figure} (${passed} tests)`, work: passed, versions: { kubernetes } };
};

/** A test that never got to its comparison says nothing of the tables: a hook failed, or its file did not load. */
function findBroken(report: string): string | undefined {
  const hook = /^\s*failureType: 'hookFailed'\n\s*error: (?:\|-\n\s*)?(.*)$/m.exec(report);
  if (hook !== null) return `a hook failed: ${hook[1] ?? ""}`;
  return failuresOf(report).find((name) => name.endsWith(".test.ts"));
}

function failuresOf(report: string): string[] {
  return [...report.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map((match) => match[1] ?? "");
}
