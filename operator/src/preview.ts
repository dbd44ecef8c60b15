/**
 * What an operator with these settings would send of a cluster, and sends nothing: the same readers, the same delivery,
 * and in place of the platform's client one that has no socket.
 *
 * @module
 */
import { zstdDecompressSync } from "node:zlib";
import {
  agentHeaders,
  agentPaths,
  mediaTypes,
  sessionRequestSchema,
  type SessionRequest,
  type StreamState,
} from "@obsyk/contract";
import { parseSettings, Registry, Secret, type Clock, type Log } from "@obsyk/runtime";
import { deliverCluster, openAccess, readFileOfScope } from "./app.ts";
import type { PlatformClient, PlatformResponse } from "./deliver/platform-client.ts";
import type { Session } from "./deliver/session.ts";
import { OperatorSettingError } from "./errors.ts";
import { createEvents } from "./events.ts";
import { readClusterIdentity } from "./kube/cluster-identity.ts";
import { selectionOf } from "./scope.ts";
import { settingsTable, type OperatorSettings } from "./settings.ts";

export type PreviewOptions = {
  /** The operator's own flags and variables; those about the platform are not needed. */
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string | undefined };
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  /** Lower-case UUID. */
  readonly instanceId: string;
  /** Takes the lines of each batch, byte for byte; every batch ends with a line feed. */
  readonly onLines: (text: string) => void;
  readonly onProgress?: (streams: readonly PreviewedStream[]) => void;
};

export type PreviewedStream = {
  readonly stream: string;
  readonly state: StreamState;
  readonly objects: number;
};

export type Preview = {
  /** What opens a session: the other thing that leaves. */
  readonly request: SessionRequest;
  readonly streams: readonly PreviewedStream[];
};

/**
 * The platform gives each cluster a key of its own, with which records are hashed. Nobody gives one here, so the
 * hashes of a preview are made with this one; everything else is what a platform would receive.
 */
export const previewHashKey = "0".repeat(32);

const identityMs = 15_000;
const pollMs = 100;
/** Mode counts adds streams when the namespaces are known: an end counts when it lasts. */
const settledPolls = 5;
const notYet: ReadonlySet<StreamState> = new Set(["starting", "listing", "waiting"]);

/**
 * Ends when every stream was listed, or cannot be.
 *
 * @throws {KubeError} when the cluster cannot be reached
 * @throws {SettingsError | OperatorSettingError} for settings that are wrong
 * @throws the signal's reason when it aborts first
 */
export async function runPreview(options: PreviewOptions, signal: AbortSignal): Promise<Preview> {
  const { log } = options;
  const settings = readPreviewSettings(options);
  const selection = selectionOf(settings, await readFileOfScope(settings));
  await using access = await openAccess({ ...options, settings });
  await readClusterIdentity(access, AbortSignal.any([signal, AbortSignal.timeout(identityMs)]));
  const registry = new Registry();
  const events = createEvents(log, registry);
  const platform = new NoPlatform(options);
  const done = new AbortController();
  let session: Session | undefined;
  const running = deliverCluster(
    {
      ...options,
      settings,
      selection,
      registry,
      events,
      access,
      client: platform,
      tokens: noTokens,
      onSession: (current) => (session = current),
    },
    AbortSignal.any([signal, done.signal]),
  );
  try {
    const streams = await Promise.race([
      untilListed({ ...options, signal, read: () => session?.streams ?? [] }),
      // A delivery that ends by itself has failed.
      running.then(() => Promise.reject(new Error("the preview ended early"))),
    ]);
    done.abort(new Error("everything was listed"));
    await running;
    return { request: platform.request(), streams };
  } finally {
    done.abort(new Error("the preview ends"));
    await running.catch(() => {});
  }
}

async function untilListed(options: {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly read: () => readonly PreviewedStream[];
  readonly onProgress?: PreviewOptions["onProgress"];
}): Promise<readonly PreviewedStream[]> {
  const { clock, signal, read } = options;
  for (let settled = 0; ;) {
    const streams = read().map(({ stream, state, objects }) => ({ stream, state, objects }));
    options.onProgress?.(streams);
    const isListed = streams.length > 0 && streams.every(({ state }) => !notYet.has(state));
    settled = isListed ? settled + 1 : 0;
    if (settled === settledPolls) return streams;
    await clock.sleep(pollMs, { signal });
  }
}

function readPreviewSettings({ args, env }: PreviewOptions): OperatorSettings {
  const settings = parseSettings(settingsTable, { args, env });
  const kubeconfig = settings.kubeconfig ?? firstKubeconfig(env);
  if (kubeconfig === undefined && (env["KUBERNETES_SERVICE_HOST"] ?? "") === "") {
    throw new OperatorSettingError("no cluster is named: give --kubeconfig FILE");
  }
  return {
    ...settings,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    clusterName: settings.clusterName ?? "preview",
    // Neither is used: nothing is sent, and so nothing is signed.
    platformUrl: "https://nowhere.invalid",
    privateKeyFile: "",
  };
}

/** kubectl's own habit; of several files the first. */
function firstKubeconfig(env: PreviewOptions["env"]): string | undefined {
  const named = (env["KUBECONFIG"] ?? "").split(":").find((path) => path !== "");
  const home = env["HOME"] ?? "";
  if (named !== undefined || (env["KUBERNETES_SERVICE_HOST"] ?? "") !== "") return named;
  return home === "" ? undefined : `${home}/.kube/config`;
}

const noToken = new Secret("");
const noTokens = {
  token: async () => Promise.resolve(noToken),
  refused: () => {},
  ageSeconds: () => undefined,
};

/** Answers as a platform that holds nothing yet. */
class NoPlatform implements PlatformClient {
  readonly origin = "https://nowhere.invalid";
  readonly #options: Pick<PreviewOptions, "clock" | "onLines">;
  #request: SessionRequest | undefined;
  #applied = 0;

  constructor(options: Pick<PreviewOptions, "clock" | "onLines">) {
    this.#options = options;
  }

  /** The latest request for a session. */
  request(): SessionRequest {
    if (this.#request === undefined) throw new Error("no session was asked for");
    return this.#request;
  }

  clockOffsetMs(): number {
    return 0;
  }

  roundTripMs(): undefined {
    return undefined;
  }

  async send(call: Parameters<PlatformClient["send"]>[0]): Promise<PlatformResponse> {
    call.signal.throwIfAborted();
    const body = Buffer.from(call.body ?? []);
    const [path] = call.path.split("?", 1);
    switch (path) {
      case agentPaths.sessions:
        return this.#grant(body);
      case agentPaths.index:
        return this.#emptyIndex();
      case agentPaths.batches:
        return this.#take(call.headers, body);
      default:
        return json({ sendAgain: [], clock: this.#now() });
    }
  }

  #now(): number {
    return Math.round(this.#options.clock.now());
  }

  #grant(body: Buffer): PlatformResponse {
    this.#request = sessionRequestSchema.parse(JSON.parse(body.toString()));
    return json({
      status: "granted",
      sessionId: "0".repeat(32),
      epoch: 1,
      hashKey: previewHashKey,
      nextSequence: this.#applied + 1,
      maxBatchBytes: 4 * 1024 * 1024,
      heartbeatSeconds: 3600,
      checkSeconds: 3600,
      sendAgain: [],
      clock: this.#now(),
    });
  }

  #emptyIndex(): PlatformResponse {
    const headers = {
      "content-type": mediaTypes.index,
      [agentHeaders.count]: "0",
      [agentHeaders.appliedSequence]: String(this.#applied),
    };
    return { status: 200, headers, body: Buffer.alloc(0) };
  }

  #take(headers: { readonly [name: string]: string }, body: Buffer): PlatformResponse {
    this.#applied = Number(headers[agentHeaders.sequence]);
    this.#options.onLines(zstdDecompressSync(body).toString("utf8"));
    const clock = this.#now();
    return json({ appliedSequence: this.#applied, results: [], sendAgain: [], clock });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

function json(body: object): PlatformResponse {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(body)),
  };
}
