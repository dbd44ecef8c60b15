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
  const failed = [...report.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map((match) => match[1] ?? "");
  if (failed.length > 0) throw new ProofFailure(`failed: ${failed.join("; ")}`);
  const passed = count("pass");
  if (count("skipped") + count("todo") + count("cancelled") > 0 || passed === 0) {
    throw new ProofFailure(`${passed} passed, and some did not run`);
  }
  const figure = /^# FIGURE (.*)$/m.exec(report)?.[1] ?? "all tables as Kubernetes defines them";
  return { figure: `${figure} (${passed} tests)`, work: passed };
};
