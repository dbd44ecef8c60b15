/**
 * `npm run test:cluster`: the tests against a real kube-apiserver. Arguments name files; without them all run. With
 * CI=true a machine without one fails; elsewhere it is skipped with a sentence. Ends with node:test's closing lines.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildBinary } from "@obsyk/testkit";

process.exitCode = await main();

async function main(): Promise<number> {
  if ((process.env["KUBEBUILDER_ASSETS"] ?? "") === "") {
    try {
      await buildBinary({
        env: process.env,
        signal: new AbortController().signal,
        progress: (line) => console.log(line),
      });
    } catch (error) {
      console.error(error instanceof Error ? error.message : String(error));
      if (process.env["CI"] === "true") return 1;
      console.error("SKIPPED: no real kube-apiserver can be had here; with CI=true this fails.");
      return 0;
    }
  }
  const folder = await mkdtemp(join(tmpdir(), "obsyk-test-cluster-"));
  try {
    return await runTests(join(folder, "report"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runTests(reportFile: string): Promise<number> {
  const files = process.argv.slice(2);
  const child = spawn(
    process.execPath,
    [
      "--test",
      "--test-reporter=spec",
      "--test-concurrency=1",
      "--test-timeout=240000",
      ...(files.length > 0 ? files : ["test/cluster/**/*.test.ts"]),
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, OBSYK_CONTROL_PLANE_REPORT: reportFile },
    },
  );
  // The runner's closing lines stay last: they wait until the control planes have been reported.
  const closing: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (closing.length > 0 || line.includes("ℹ tests ")) closing.push(line);
    else console.log(line);
  });
  const [code] = (await once(child, "close")) as [number | null];
  const answered = await reportControlPlanes(reportFile);
  for (const line of closing) console.log(line);
  return code === 0 && answered ? 0 : 1;
}

async function reportControlPlanes(file: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch(() => "");
  const reports = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { version: string; auditLines: number });
  if (reports.length === 0) {
    console.error("FAIL no real kube-apiserver answered");
    return false;
  }
  const versions = [...new Set(reports.map((report) => report.version))].join(", ");
  const auditLines = reports.reduce((sum, report) => sum + report.auditLines, 0);
  console.log(
    `kube-apiserver gitVersion ${versions}; ${auditLines} audit lines from ${reports.length} control planes`,
  );
  return auditLines > 0;
}
