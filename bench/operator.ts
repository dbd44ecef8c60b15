/**
 * How much memory and CPU does an operator need to list a cluster, watch it and send everything away?
 *
 * The API server is testkit's, in another process; the receiver is testkit's stand-in platform, in this one. TLS on both
 * sides, the operator bundled, with the flags of its image.
 *
 * @module
 */
import { createPublicKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createCertificates, openMemoryPlatform, waitFor } from "@obsyk/testkit";
import { openChildren } from "../tools/start/children.ts";
import { Identity, writePrivate } from "../tools/start/data-dir.ts";
import { operatorSpec } from "../tools/start/launch.ts";
import { choosePort } from "../tools/start/ports.ts";
import { bundleOperator, cpuMs, peakMemoryMb, startChild } from "./child.ts";
import { round, withReference, type Figure, type Size } from "./figures.ts";
import type { Simulated } from "./kube-api-process.ts";
import type { Parsed } from "./parse-process.ts";

const seed = "11";
/** Watches, heartbeats and the last check follow the list: what they need counts too. */
const settleMs = 3000;

type Run = {
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly received: number;
  readonly listMs: number;
};

async function runOperator(simulated: Simulated): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "obsyk-bench-"));
  try {
    const certificates = await createCertificates();
    const caFile = join(folder, "ca.pem");
    const kubeconfig = join(folder, "kubeconfig");
    writePrivate(caFile, certificates.ca);
    writePrivate(kubeconfig, simulated.kubeconfig);
    const identity = new Identity(folder, "bench");
    const clientId = "bench";
    await using platform = await openMemoryPlatform({
      certificates,
      clientId,
      publicKey: createPublicKey(identity.publicKey())
        .export({ type: "spki", format: "pem" })
        .toString(),
    });
    await using children = await openChildren(join(folder, "logs"));
    const ports = {
      agent: 0,
      console: 0,
      platformObserve: 0,
      operatorObserve: await choosePort(0),
    };
    const spec = operatorSpec({
      source: { name: "bench", kubeconfig, context: undefined },
      identity,
      clientId,
      certificates: { ...certificates, caFile, certFile: "", keyFile: "" },
      ports,
    });
    const script = join(folder, "operator.mjs");
    await bundleOperator(script);
    const started = performance.now();
    const pid = children.start({
      ...spec,
      args: [...spec.args.slice(0, -1), script],
      env: { ...spec.env, OBSYK_PLATFORM_URL: platform.url.origin, OBSYK_LOG_LEVEL: "warn" },
    });
    const received = (): number =>
      [...platform.inventory.streams.values()].reduce(
        (sum, stream) => sum + stream.objects.size,
        0,
      );
    const arrival = waitFor("all objects at the receiver", () => received() >= simulated.objects, {
      timeoutMs: 240_000,
      intervalMs: 20,
    });
    await Promise.race([arrival, children.failure]);
    const listMs = performance.now() - started;
    const cpu = cpuMs(pid);
    await delay(settleMs);
    if (platform.violations.length > 0) {
      throw new Error(`the receiver objects: ${platform.violations.slice(0, 3).join("; ")}`);
    }
    return { cpuMs: cpu, peakMb: peakMemoryMb(pid), received: received(), listMs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function podsOf(size: Size, full = 10_000): string {
  return size === "tiny" ? "200" : String(full);
}

export async function operatorMemory(size: Size): Promise<readonly Figure[]> {
  return [await memoryOf("operator-memory", podsOf(size))];
}

export async function operatorMemory50k(size: Size): Promise<readonly Figure[]> {
  return [await memoryOf("operator-memory-50k", podsOf(size, 50_000))];
}

async function memoryOf(name: string, wanted: string): Promise<Figure> {
  await using api = await startChild<Simulated>("kube-api-process.ts", { args: [seed, wanted] });
  const run = await runOperator(api.message);
  const { pods, objects, podBytes } = api.message;
  return {
    name,
    value: round(run.peakMb),
    unit: "MB peak (VmHWM)",
    work: { pods, objects, podBytes, received: run.received, listMs: Math.round(run.listMs) },
  };
}

export async function operatorCpu(size: Size): Promise<readonly Figure[]> {
  await using small = await startChild<Simulated>("kube-api-process.ts", { args: [seed, "10"] });
  const idle = await runOperator(small.message);
  await using api = await startChild<Simulated>("kube-api-process.ts", {
    args: [seed, podsOf(size)],
  });
  const { pods, objects, podBytes, url, token, ca } = api.message;
  const run = await runOperator(api.message);
  const naive = await parseNaively({ url, token, ca });
  // Starting, connecting and the other kinds cost the same on a cluster of ten pods.
  const microseconds = ((run.cpuMs - idle.cpuMs) * 1000) / (pods - small.message.pods);
  const figure = {
    name: "operator-cpu",
    value: round(microseconds),
    unit: "µs CPU per listed pod, end to end",
    work: { pods, objects, podBytes, startCpuMs: idle.cpuMs, cpuMs: run.cpuMs },
  };
  const reference = {
    name: "fetch + JSON.parse + project",
    value: (naive.cpuMs * 1000) / naive.pods,
    unit: "µs CPU per pod",
  };
  return [withReference(figure, reference)];
}

async function parseNaively(server: {
  readonly url: string;
  readonly token: string;
  readonly ca: string;
}): Promise<Parsed> {
  const folder = await mkdtemp(join(tmpdir(), "obsyk-bench-"));
  try {
    const caFile = join(folder, "ca.pem");
    await writeFile(caFile, server.ca);
    await using child = await startChild<Parsed>("parse-process.ts", {
      args: [server.url, server.token],
      env: { NODE_EXTRA_CA_CERTS: caFile },
    });
    return child.message;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
