/**
 * LIST in pages: all pages of one list show the same moment, as long as the server still has it.
 *
 * @module
 */
import type { ListMeta } from "./encode/answers.ts";
import { Refusal, refuse } from "./refusal.ts";
import { selectedName, type ResourceRequest } from "./request.ts";
import type { ObjectStore, StoredObject } from "./store.ts";

type Snapshot = { readonly resourceVersion: number; readonly items: readonly StoredObject[] };
export type Page = { readonly items: readonly StoredObject[]; readonly meta: ListMeta };

/** Lists that may be under way at once; the oldest one expires. */
const maxSnapshots = 32;

type Token = { readonly version: number; readonly after: string };

function formatToken(token: Token): string {
  return Buffer.from(JSON.stringify(token), "utf8").toString("base64url");
}

function parseToken(text: string): Token {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    const { version, after } = value as Partial<Token>;
    if (typeof version === "number" && typeof after === "string") return { version, after };
  } catch {
    // Falls through: any damage has the same answer.
  }
  throw refuse(400, "BadRequest", "continue key is not valid");
}

function keyOf(item: StoredObject): string {
  return `${item.namespace}/${item.name}`;
}

export class Lister {
  readonly #store: ObjectStore;
  readonly #snapshots = new Map<string, Snapshot>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Ends every list under way: its next page answers 410. */
  forget(): void {
    this.#snapshots.clear();
  }

  /** @throws {Refusal} 400, 410, 422 or 504 as the real server does */
  page(request: ResourceRequest): Page {
    const { query } = request;
    const { snapshot, after } = this.#start(request);
    const name = selectedName(query);
    const inScope = snapshot.items.filter(
      (item) =>
        (request.namespace === undefined || item.namespace === request.namespace) &&
        (name === undefined || item.name === name) &&
        keyOf(item) > after,
    );
    const limit = this.#limitOf(query);
    const items = inScope.slice(0, limit);
    const resourceVersion = String(snapshot.resourceVersion);
    const last = items.at(-1);
    if (last === undefined || items.length === inScope.length) {
      return { items, meta: { resourceVersion } };
    }
    this.#keep(request, snapshot);
    return {
      items,
      meta: {
        resourceVersion,
        continue: formatToken({ version: snapshot.resourceVersion, after: keyOf(last) }),
        ...(name === undefined ? { remainingItemCount: inScope.length - items.length } : {}),
      },
    };
  }

  #limitOf(query: URLSearchParams): number {
    // The real server answers "any version will do" from its cache, whole.
    if (query.get("resourceVersion") === "0") return Number.POSITIVE_INFINITY;
    const limit = Number(query.get("limit") ?? "0");
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw refuse(400, "BadRequest", "limit is invalid");
    return limit === 0 ? Number.POSITIVE_INFINITY : limit;
  }

  #start(request: ResourceRequest): { readonly snapshot: Snapshot; readonly after: string } {
    const { query } = request;
    const resourceVersion = query.get("resourceVersion") ?? "";
    const token = query.get("continue") ?? "";
    if (token === "") {
      this.#checkVersion(resourceVersion, query.get("resourceVersionMatch") ?? "");
      return { snapshot: this.#now(request), after: "" };
    }
    if (resourceVersion !== "" && resourceVersion !== "0") {
      throw refuse(
        400,
        "BadRequest",
        "specifying resource version is not allowed when using continue",
      );
    }
    const { version, after } = parseToken(token);
    if (version === -1) return { snapshot: this.#now(request), after };
    const snapshot = this.#snapshots.get(this.#keyOf(request, version));
    if (snapshot !== undefined) return { snapshot, after };
    throw new Refusal(
      {
        code: 410,
        reason: "Expired",
        message: "The provided continue parameter is too old to display a consistent list result.",
      },
      { continueToken: formatToken({ version: -1, after }) },
    );
  }

  #checkVersion(resourceVersion: string, match: string): void {
    if (match !== "" && resourceVersion === "") {
      throw refuse(
        422,
        "Invalid",
        "resourceVersionMatch is forbidden unless resourceVersion is provided",
      );
    }
    if (resourceVersion === "" || resourceVersion === "0") return;
    if (!/^\d{1,15}$/.test(resourceVersion))
      throw refuse(400, "BadRequest", "invalid resource version");
    const current = this.#store.resourceVersion;
    if (Number(resourceVersion) > current) {
      throw new Refusal(
        {
          code: 504,
          reason: "Timeout",
          message: `Too large resource version: ${resourceVersion}, current: ${current}`,
        },
        { retryAfterSeconds: 1 },
      );
    }
    if (match === "Exact" && Number(resourceVersion) !== current) {
      throw refuse(410, "Expired", `The provided resource version ${resourceVersion} is too old`);
    }
  }

  #now(request: ResourceRequest): Snapshot {
    const { resource } = request.definition;
    return { resourceVersion: this.#store.resourceVersion, items: this.#store.list(resource) };
  }

  #keep(request: ResourceRequest, snapshot: Snapshot): void {
    const key = this.#keyOf(request, snapshot.resourceVersion);
    this.#snapshots.delete(key);
    this.#snapshots.set(key, snapshot);
    const [oldest] = this.#snapshots.keys();
    if (this.#snapshots.size > maxSnapshots && oldest !== undefined) this.#snapshots.delete(oldest);
  }

  #keyOf(request: ResourceRequest, version: number): string {
    return `${request.definition.resource}@${version}`;
  }
}
