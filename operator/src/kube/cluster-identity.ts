/**
 * Which cluster answers: the uid of its namespace kube-system (R23), and its version.
 *
 * @module
 */
import { findResource, requestFor, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { createListDecoder } from "../project/decode.ts";
import type { ListEvent } from "../project/types.ts";
import type { ClusterAccess } from "./client.ts";
import { KubeError } from "./errors.ts";
import { readWhole } from "./whole-body.ts";

export type ClusterIdentity = {
  readonly uid: string;
  /** `gitVersion`; `undefined` when the API server does not tell. */
  readonly kubernetesVersion: string | undefined;
};

const maxVersionBytes = 64 * 1024;

/**
 * Needs `list` on namespaces only.
 *
 * @throws {KubeError} `credentials`, or `transport` when the API server does not answer or refuses.
 */
export async function readClusterIdentity(
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<ClusterIdentity> {
  const uid = await readClusterUid(access, signal);
  return { uid, kubernetesVersion: await readVersion(access, signal) };
}

/**
 * The uid alone, in one small request.
 *
 * @throws {KubeError} as above; after a 401 the next attempt brings new credentials.
 */
export async function readClusterUid(access: ClusterAccess, signal: AbortSignal): Promise<string> {
  const definition = namespaceDefinition();
  const { accept, query, contentType } = requestFor(definition, "full", "list");
  const answer = await access.get({
    path: `/api/${definition.version}/${definition.plural}`,
    query: { ...query, fieldSelector: "metadata.name=kube-system", limit: "1" },
    accept,
    connection: "shared",
    signal,
  });
  if (answer.kind === "status") {
    if (answer.status.code === 401) access.renewCredentials();
    throw refused("namespaces", answer.status.code);
  }
  if (answer.contentType !== contentType) {
    answer.close();
    throw new KubeError("transport", "the API server did not answer a list in protobuf");
  }
  const decoder = createListDecoder({ definition, mode: "full" });
  const events: ListEvent[] = [];
  await answer.read((chunk) => {
    events.push(...decoder.push(chunk));
    return true;
  });
  events.push(...decoder.end());
  for (const event of events) {
    if (event.kind === "object" && event.object.uid !== "") return event.object.uid;
  }
  throw new KubeError("transport", "the API server has no namespace kube-system with a uid");
}

function namespaceDefinition(): ResourceDefinition {
  const definition = findResource("namespaces");
  if (definition === undefined) throw new Error("namespaces have no allow-list");
  return definition;
}

function refused(what: string, code: number): KubeError {
  const advice = code === 403 ? ": grant list on namespaces" : "";
  return new KubeError("transport", `the API server refused to list ${what} (${code})${advice}`);
}

async function readVersion(
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await access.get({
    path: "/version",
    query: {},
    accept: "application/json",
    connection: "shared",
    signal,
  });
  if (answer.kind === "status") return undefined;
  const text = (await readWhole(answer, maxVersionBytes))?.toString("utf8") ?? "";
  return /"gitVersion"\s*:\s*"([A-Za-z0-9.+_-]{1,64})"/.exec(text)?.[1];
}
