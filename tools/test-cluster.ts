/**
 * `npm run test:cluster`: the tests against a real kube-apiserver. Arguments name files; without them all run. With
 * CI=true a machine without one fails; elsewhere it is skipped with a sentence, or the cluster behind KUBECONFIG stands
 * in for a control plane that was not built. Ends with node:test's closing lines.
 */
import "./end-with-parent.ts";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildBinary, isStandIn, warnOfStandIn } from "@obsyk/testkit";
import { testArguments } from "./run.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const named = process.argv.slice(2);
  if (await isStandIn(process.env)) return runOnStandIn(named);
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
  return runTests(named.length > 0 ? named : ["test/cluster/**/*.test.ts"]);
}

async function runOnStandIn(named: readonly string[]): Promise<number> {
  await warnOfStandIn();
  const files: string[] = [];
  for (const file of named.length > 0 ? named : await clusterTests()) {
    // Such a test configures, kills or audits what it starts.
    const needsItsOwn = (await readFile(file, "utf8")).includes("startControlPlane(");
    if (needsItsOwn) console.error(`SKIPPED ${file}: it needs a control plane of its own`);
    else files.push(file);
  }
  return files.length === 0 ? 1 : runTests(files);
}

async function clusterTests(): Promise<string[]> {
  const folder = "test/cluster";
  return (await readdir(folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
}

async function runTests(files: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "obsyk-test-cluster-"));
  try {
    return await runFiles(files, join(folder, "report"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runFiles(files: readonly string[], reportFile: string): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      ...testArguments,
      "--test-reporter=spec",
      "--test-concurrency=1",
      "--test-timeout=240000",
      ...files,
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

type Report = {
  readonly version: string;
  readonly auditLines?: number;
  /** URL of an API server that is not ours. */
  readonly existing?: string;
};

async function reportControlPlanes(file: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch(() => "");
  const reports = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Report);
  if (reports.length === 0) {
    console.error("FAIL no real kube-apiserver answered");
    return false;
  }
  const versions = [...new Set(reports.map((report) => report.version))].join(", ");
  if (reports.some(({ existing }) => existing !== undefined)) {
    console.log(
      `kube-apiserver gitVersion ${versions} behind KUBECONFIG; its audit log is not ours`,
    );
    return true;
  }
  const auditLines = reports.reduce((sum, report) => sum + (report.auditLines ?? 0), 0);
  console.log(
    `kube-apiserver gitVersion ${versions}; ${auditLines} audit lines from ${reports.length} control planes`,
  );
  return auditLines > 0;
}
