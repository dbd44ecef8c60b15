/**
 * What a client asks of the API server: which resource, whose, in which representation.
 *
 * @module
 */
import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import type { IncludeObject } from "./encode/table.ts";
import { refuse } from "./refusal.ts";

export type Representation =
  | { readonly kind: "protobuf" }
  | { readonly kind: "json" }
  | { readonly kind: "metadata" }
  | { readonly kind: "table"; readonly includeObject: IncludeObject };

export type ResourceRequest = {
  readonly definition: ResourceDefinition;
  /** `undefined` for all namespaces. */
  readonly namespace: string | undefined;
  /** Set when one object is asked for. */
  readonly name: string | undefined;
  readonly query: URLSearchParams;
};

/** `/api/v1/...` and `/apis/GROUP/VERSION/...`; `undefined` when the path names no resource of ours. */
export function parseResourcePath(
  url: URL,
  definitions: readonly ResourceDefinition[],
): ResourceRequest | undefined {
  const parts = url.pathname.split("/").slice(1).map(decodeURIComponent);
  const [root, group = "", ...afterGroup] = parts;
  const [version, ...rest] = root === "api" ? [group, ...afterGroup] : afterGroup;
  if (root !== "api" && root !== "apis") return undefined;
  const find = (plural: string | undefined): ResourceDefinition | undefined =>
    definitions.find(
      (definition) =>
        definition.plural === plural &&
        definition.version === version &&
        definition.group === (root === "api" ? "" : group),
    );
  const { searchParams: query } = url;
  if (rest[0] === "namespaces" && rest.length > 2) {
    const definition = find(rest[2]);
    if (definition?.namespaced !== true || rest.length > 4) return undefined;
    return { definition, namespace: rest[1], name: rest[3], query };
  }
  const definition = find(rest[0]);
  if (definition === undefined || rest.length > 2) return undefined;
  if (definition.namespaced && rest.length === 2) return undefined;
  return { definition, namespace: undefined, name: rest[1], query };
}

type Clause = { readonly type: string; readonly parameters: ReadonlyMap<string, string> };

function parseAccept(accept: string): readonly Clause[] {
  return accept.split(",").map((clause) => {
    const [type = "", ...parameters] = clause.split(";").map((part) => part.trim());
    return {
      type: type.toLowerCase(),
      parameters: new Map(
        parameters.map((parameter) => {
          const [name = "", value = ""] = parameter.split("=");
          return [name.trim(), value.trim()] as const;
        }),
      ),
    };
  });
}

const hasTable: ReadonlySet<string> = new Set(["Secret", "ConfigMap"]);

/**
 * The first clause that can be served, as the real server does: one that cannot is skipped, and no `Accept` at all, or
 * any other JSON clause, gives whole objects.
 *
 * @throws {Refusal} 406 when no clause can be served, 400 for a bad `includeObject`
 */
export function negotiate(
  accept: string | undefined,
  request: ResourceRequest,
  call: "list" | "watch" | "get",
): Representation {
  for (const clause of parseAccept(accept ?? "*/*")) {
    const served = serve(clause, request, call);
    if (served !== undefined) return served;
  }
  throw refuse(
    406,
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/vnd.kubernetes.protobuf",
  );
}

function serve(
  clause: Clause,
  request: ResourceRequest,
  call: "list" | "watch" | "get",
): Representation | undefined {
  const as = clause.parameters.get("as");
  if (clause.type === "application/vnd.kubernetes.protobuf") {
    const stream = clause.parameters.get("stream");
    if (stream !== undefined && (stream !== "watch" || call !== "watch")) return undefined;
    if (as !== undefined) return isPartial(clause, call) ? { kind: "metadata" } : undefined;
    // Custom resources have no protobuf of their own.
    return request.definition.modes.includes("full") || hasTable.has(request.definition.kind)
      ? { kind: "protobuf" }
      : undefined;
  }
  if (clause.type !== "application/json" && clause.type !== "*/*") return undefined;
  if (as === undefined) return { kind: "json" };
  const isTable =
    as === "Table" &&
    clause.parameters.get("v") === "v1" &&
    clause.parameters.get("g") === "meta.k8s.io" &&
    hasTable.has(request.definition.kind);
  if (!isTable || call === "get") return undefined;
  const includeObject = request.query.get("includeObject") ?? "Metadata";
  if (includeObject !== "Metadata" && includeObject !== "None") {
    throw refuse(400, "BadRequest", "includeObject must be Metadata or None");
  }
  return { kind: "table", includeObject };
}

function isPartial({ parameters }: Clause, call: "list" | "watch" | "get"): boolean {
  const kind = call === "list" ? "PartialObjectMetadataList" : "PartialObjectMetadata";
  return (
    parameters.get("as") === kind &&
    parameters.get("v") === "v1" &&
    parameters.get("g") === "meta.k8s.io"
  );
}

/** Content-Type of an answer in this representation. */
export function contentTypeOf(
  representation: Representation,
  call: "list" | "watch" | "get",
): string {
  if (representation.kind === "json" || representation.kind === "table") return "application/json";
  const protobuf = "application/vnd.kubernetes.protobuf";
  return call === "watch" ? `${protobuf};stream=watch` : protobuf;
}

/** `metadata.name=NAME` is the one field selector there is. @throws {Refusal} 400 for any other selector */
export function selectedName(query: URLSearchParams): string | undefined {
  if ((query.get("labelSelector") ?? "") !== "") {
    throw refuse(400, "BadRequest", "this server knows no label selectors");
  }
  const selector = query.get("fieldSelector") ?? "";
  if (selector === "") return undefined;
  const [, name] = /^metadata\.name=([^,=]+)$/.exec(selector) ?? [];
  if (name === undefined) {
    throw refuse(400, "BadRequest", "this server knows no field selector but metadata.name=NAME");
  }
  return name;
}
