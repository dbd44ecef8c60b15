/**
 * An API server for tests and demonstrations: a real HTTPS server that lists, watches and refuses as kube-apiserver
 * does, over an object store in memory.
 *
 * @module
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { resources, type ResourceDefinition } from "@obsyk/contract/allow-list";
import type { Certificates } from "../certificates.ts";
import { discoveryOf } from "./discovery.ts";
import { createEncoder, type EncodedCache, type Encoder } from "./encoder.ts";
import { Faults, type CallKind, type Effect } from "./faults.ts";
import { Lister } from "./list.ts";
import { formatRefusal, Refusal, refuse } from "./refusal.ts";
import {
  contentTypeOf,
  negotiate,
  parseResourcePath,
  type Representation,
  type ResourceRequest,
} from "./request.ts";
import type { ObjectStore } from "./store.ts";
import { serveWatch } from "./watch.ts";

export type KubeApiOptions = {
  readonly store: ObjectStore;
  readonly certificates: Certificates;
  /** The one bearer token that is let in; `acceptToken` changes it. */
  readonly token: string;
  /** All resources there are when absent. */
  readonly definitions?: readonly ResourceDefinition[];
  /** Milliseconds between bookmarks; 60,000 when absent. */
  readonly bookmarkMs?: number;
  /** Keep encoded objects: costs memory, spares time when lists repeat. */
  readonly cachesEncodings?: boolean;
  /** 0, any free one, when absent. */
  readonly port?: number;
  /** Changes the bytes of lists and events in place: what no honest server would send. Not with `cachesEncodings`. */
  readonly distort?: (bytes: Buffer) => void;
};

export type SeenRequest = {
  readonly call: CallKind;
  readonly resource: string | undefined;
  readonly url: string;
  readonly accept: string;
  readonly status: number;
};

/** @throws {Error} when the port is taken */
export async function openKubeApi(options: KubeApiOptions): Promise<KubeApi> {
  const api = new KubeApi(options);
  await api.listen(options.port ?? 0);
  return api;
}

/** Requests that `requests` remembers. */
const maxSeen = 10_000;

export class KubeApi implements AsyncDisposable {
  readonly store: ObjectStore;
  readonly faults = new Faults();
  readonly #options: KubeApiOptions;
  readonly #definitions: readonly ResourceDefinition[];
  readonly #discovery: { readonly [path: string]: unknown };
  readonly #lister: Lister;
  readonly #cache: EncodedCache | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #forbidden = new Set<string>();
  readonly #seen: SeenRequest[] = [];
  #listing = 0;
  #mostLists = 0;
  #token: string;
  #bookmarks = true;

  constructor(options: KubeApiOptions) {
    this.#options = options;
    this.store = options.store;
    this.#token = options.token;
    this.#definitions = options.definitions ?? resources;
    this.#discovery = discoveryOf(this.#definitions);
    this.#lister = new Lister(options.store);
    this.#cache = options.cachesEncodings === true ? new WeakMap() : undefined;
    const { cert, key } = options.certificates;
    this.#server = createServer({ cert, key, minVersion: "TLSv1.3" }, (request, response) => {
      this.#handle(request, response);
    });
    this.#server.keepAliveTimeout = 60_000;
    // Those in the middle of their handshake too: a server that closes waits for them.
    for (const event of ["connection", "secureConnection"]) {
      this.#server.on(event, (socket: Socket) => {
        this.#sockets.add(socket);
        socket.once("close", () => this.#sockets.delete(socket));
        socket.on("error", () => socket.destroy());
      });
    }
  }

  /** `https://127.0.0.1:PORT`. */
  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The latest requests, oldest first. */
  get requests(): readonly SeenRequest[] {
    return this.#seen;
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** A kubeconfig for this server (JSON is YAML too). */
  kubeconfig(): string {
    return `${JSON.stringify(
      {
        apiVersion: "v1",
        kind: "Config",
        "current-context": "simulated",
        clusters: [
          {
            name: "simulated",
            cluster: {
              server: this.url,
              "certificate-authority-data": Buffer.from(this.#options.certificates.ca).toString(
                "base64",
              ),
            },
          },
        ],
        users: [{ name: "operator", user: { token: this.#token } }],
        contexts: [{ name: "simulated", context: { cluster: "simulated", user: "operator" } }],
      },
      null,
      2,
    )}\n`;
  }

  /** From now on requests for this resource (`pods`, `deployments.apps`) answer 403, until allowed again. */
  forbid(resource: string): void {
    this.#forbidden.add(resource);
  }

  allow(resource: string): void {
    this.#forbidden.delete(resource);
  }

  /** Any other token gets 401. */
  acceptToken(token: string): void {
    this.#token = token;
  }

  sendBookmarks(on: boolean): void {
    this.#bookmarks = on;
  }

  /** 410 for every older watch and for the next page of every list under way. */
  compact(): void {
    this.store.compact();
    this.#lister.forget();
  }

  /** Cuts every connection. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** As seen by clients: all connections cut, the watch window begins at the current version. */
  restart(): void {
    this.compact();
    this.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.disconnect();
    await closed;
  }

  /** The most lists without a field selector that were ever under way at one time. */
  get mostListsAtOnce(): number {
    return this.#mostLists;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "https://kube-api.invalid");
    const resource = parsed(() => parseResourcePath(url, this.#definitions));
    const call = callOf(url, resource);
    response.once("close", () => this.#remember(request, response, { call, resource }));
    // A question for one object by name is no list of a resource.
    if (call === "list" && !url.searchParams.has("fieldSelector")) this.#countList(response);
    const effect = this.faults.take(call, resource?.definition.resource);
    this.#withEffect(response, effect, () => {
      try {
        this.#checkAccess(request, resource);
        if (effect?.kind === "watch-error" && resource !== undefined) {
          this.#answerWatchError(request, response, { resource, effect });
        } else if (resource === undefined) this.#answerDiscovery(url, response);
        else this.#answerResource(request, response, { resource, call });
      } catch (error) {
        answerRefusal(response, asRefusal(error));
      }
    });
  }

  #countList(response: ServerResponse): void {
    this.#listing += 1;
    this.#mostLists = Math.max(this.#mostLists, this.#listing);
    response.once("close", () => (this.#listing -= 1));
  }

  #remember(
    request: IncomingMessage,
    response: ServerResponse,
    what: { readonly call: CallKind; readonly resource: ResourceRequest | undefined },
  ): void {
    if (this.#seen.length >= maxSeen) this.#seen.shift();
    this.#seen.push({
      call: what.call,
      resource: what.resource?.definition.resource,
      url: request.url ?? "",
      accept: request.headers.accept ?? "",
      status: response.headersSent ? response.statusCode : 0,
    });
  }

  #withEffect(response: ServerResponse, effect: Effect | undefined, answer: () => void): void {
    switch (effect?.kind) {
      case undefined:
      case "watch-error":
        return answer();
      case "hang":
        return;
      case "delay": {
        const timer = setTimeout(answer, effect.ms);
        response.once("close", () => clearTimeout(timer));
        return;
      }
      case "reset":
        cutAfter(response, effect.afterBytes);
        return answer();
      case "status": {
        if (effect.retryAfter !== undefined) response.setHeader("Retry-After", effect.retryAfter);
        const reason = effect.code === 429 ? "TooManyRequests" : "InternalError";
        return answerRefusal(response, refuse(effect.code, reason, "scripted failure"));
      }
    }
  }

  #checkAccess(request: IncomingMessage, resource: ResourceRequest | undefined): void {
    if (request.headers.authorization !== `Bearer ${this.#token}`) {
      throw refuse(401, "Unauthorized", "Unauthorized");
    }
    if (request.method !== "GET") {
      throw refuse(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
      );
    }
    const name = resource?.definition.resource;
    if (name !== undefined && this.#forbidden.has(name)) {
      throw refuse(
        403,
        "Forbidden",
        `${name} is forbidden: User "operator" cannot list resource "${name}"`,
      );
    }
  }

  #answerDiscovery(url: URL, response: ServerResponse): void {
    const document = this.#discovery[url.pathname.replace(/(.)\/$/, "$1")];
    if (document === undefined) {
      throw refuse(404, "NotFound", "the server could not find the requested resource");
    }
    response.setHeader("Content-Type", "application/json");
    response.end(`${JSON.stringify(document)}\n`);
  }

  #answerResource(
    request: IncomingMessage,
    response: ServerResponse,
    asked: { readonly resource: ResourceRequest; readonly call: CallKind },
  ): void {
    const { resource } = asked;
    const call = asked.call === "discovery" ? "get" : asked.call;
    const representation = negotiate(request.headers.accept, resource, call);
    const encoder = this.#encoder(resource, representation);
    response.setHeader("Content-Type", contentTypeOf(representation, call));
    if (call === "watch") {
      serveWatch(response, {
        store: this.store,
        request: resource,
        encoder,
        bookmarkMs: this.#options.bookmarkMs ?? 60_000,
        sendsBookmarks: () => this.#bookmarks,
      });
    } else if (call === "list") {
      const { items, meta } = this.#lister.page(resource);
      response.end(encoder.list(items, meta));
    } else {
      const ref = { namespace: resource.namespace ?? "", name: resource.name ?? "" };
      const object = this.store.getStored(resource.definition.resource, ref);
      if (object === undefined) {
        throw refuse(404, "NotFound", `${resource.definition.resource} "${ref.name}" not found`);
      }
      response.end(encoder.object(object));
    }
  }

  #answerWatchError(
    request: IncomingMessage,
    response: ServerResponse,
    error: {
      readonly resource: ResourceRequest;
      readonly effect: Extract<Effect, { kind: "watch-error" }>;
    },
  ): void {
    const { code, reason } = error.effect;
    const representation = negotiate(request.headers.accept, error.resource, "watch");
    response.setHeader("Content-Type", contentTypeOf(representation, "watch"));
    const encoder = this.#encoder(error.resource, representation);
    response.end(encoder.error({ code, reason, message: "scripted failure" }));
  }

  #encoder(resource: ResourceRequest, representation: Representation) {
    const encoder = createEncoder({
      definition: resource.definition,
      representation,
      cache: this.#cache,
    });
    const { distort } = this.#options;
    return distort === undefined ? encoder : distorted(encoder, distort);
  }
}

function distorted(encoder: Encoder, distort: (bytes: Buffer) => void): Encoder {
  const through = (bytes: Buffer): Buffer => {
    distort(bytes);
    return bytes;
  };
  return {
    ...encoder,
    list: (items, meta) => through(encoder.list(items, meta)),
    event: (event) => through(encoder.event(event)),
  };
}

function parsed(parse: () => ResourceRequest | undefined): ResourceRequest | undefined {
  try {
    return parse();
  } catch {
    // A path that is no valid URL encoding names nothing.
    return undefined;
  }
}

function callOf(url: URL, resource: ResourceRequest | undefined): CallKind {
  if (resource === undefined) return "discovery";
  if (resource.name !== undefined) return "get";
  const watch = url.searchParams.get("watch");
  return watch === "true" || watch === "1" ? "watch" : "list";
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const message = error instanceof Error ? error.message : String(error);
  return refuse(500, "InternalError", message);
}

function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = refusal.code;
  response.setHeader("Content-Type", "application/json");
  if (refusal.retryAfterSeconds !== undefined) {
    response.setHeader("Retry-After", String(refusal.retryAfterSeconds));
  }
  response.end(formatRefusal(refusal));
}

/** Lets through so many bytes of the body, then cuts the connection. */
function cutAfter(response: ServerResponse, bytes: number): void {
  let left = bytes;
  const write = response.write.bind(response);
  const cut = (chunk: Buffer): boolean => {
    const part = chunk.subarray(0, left);
    left -= part.length;
    const isLast = left <= 0;
    const accepted = write(part, () => {
      if (isLast) response.destroy();
    });
    return accepted;
  };
  response.write = ((chunk: Buffer) => cut(chunk)) as typeof response.write;
  response.end = ((chunk?: Buffer) => {
    if (chunk !== undefined) cut(chunk);
    else response.destroy();
    return response;
  }) as typeof response.end;
}
