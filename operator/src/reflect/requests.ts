/**
 * Where resources are on an API server, and how answers are read: bounded in time.
 *
 * @module
 */
import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import type { KubeAnswer, KubeRequest } from "../kube/client.ts";
import type { UseChunk } from "../kube/connection.ts";
import { KubeError } from "../kube/errors.ts";
import { readWhole } from "../kube/whole-body.ts";
import type { Activity } from "./activity.ts";
import type { Alarms } from "./alarms.ts";
import type { Context } from "./context.ts";

/** What can be read piece by piece. */
export type Body = Pick<Extract<KubeAnswer, { kind: "ok" }>, "read">;

const maxDiscoveryBytes = 8 * 1024 * 1024;

/** `/api/v1`, `/apis/apps/v1`. */
export function groupVersionPath(
  definition: Pick<ResourceDefinition, "group" | "version">,
): string {
  const { group, version } = definition;
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** The collection of a resource, in one namespace or (`*`) everywhere. */
export function collectionPath(definition: ResourceDefinition, namespace: string): string {
  const base = groupVersionPath(definition);
  return namespace === "*"
    ? `${base}/${definition.plural}`
    : `${base}/namespaces/${encodeURIComponent(namespace)}/${definition.plural}`;
}

/** An alarm that ends the activity: nothing came in time. */
export function cutAfter(
  limit: { readonly kind: string; readonly ms: number },
  at: { readonly alarms: Alarms; readonly activity: Activity; readonly context: Context },
): void {
  at.alarms.set(limit.kind, limit.ms, () => {
    const { context } = at;
    context.events.watchdog({ stream: context.stream, kind: limit.kind });
    const seconds = Math.round(limit.ms / 1000);
    at.activity.abort(
      new KubeError("watchdog", `nothing came from the API server in ${seconds} s (${limit.kind})`),
    );
  });
}

/** One GET on a shared connection whose every wait is bounded by `pageIdleMs`. */
export async function getPage(
  request: Pick<KubeRequest, "path" | "query" | "accept">,
  at: { readonly alarms: Alarms; readonly activity: Activity; readonly context: Context },
): Promise<KubeAnswer> {
  cutAfter({ kind: "page", ms: at.context.timings.pageIdleMs }, at);
  const { signal } = at.activity;
  const answer = await at.context.access.get({ ...request, connection: "shared", signal });
  at.alarms.clear("page");
  return answer;
}

/** Hands out the body's chunks; the clock runs only while we wait for the server. */
export async function readChunks(
  answer: Body,
  wait: { begin(): void; end(): void },
  use: UseChunk,
): Promise<void> {
  wait.begin();
  await answer.read((chunk) => {
    wait.end();
    const wantsMore = use(chunk);
    if (wantsMore) wait.begin();
    return wantsMore;
  });
  wait.end();
}

/** Whether discovery names the resource with the verbs we need. */
export async function isServed(answer: Body, definition: ResourceDefinition): Promise<boolean> {
  const document = await readWhole(answer, maxDiscoveryBytes);
  if (document === undefined) {
    throw new KubeError("transport", "the discovery document is too large");
  }
  const found = resourcesOf(document).find((resource) => resource["name"] === definition.plural);
  const verbs = found?.["verbs"];
  return Array.isArray(verbs) && verbs.includes("list");
}

function resourcesOf(document: Buffer): readonly { readonly [name: string]: unknown }[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(document.toString("utf8"));
  } catch {
    throw new KubeError("transport", "the discovery document is not JSON");
  }
  const resources =
    typeof parsed === "object" && parsed !== null && "resources" in parsed ? parsed.resources : [];
  // Items are looked at by name only; whatever they are, reading a property of a non-null value is safe.
  return Array.isArray(resources)
    ? resources.filter(
        (item): item is Record<string, unknown> => typeof item === "object" && item !== null,
      )
    : [];
}
