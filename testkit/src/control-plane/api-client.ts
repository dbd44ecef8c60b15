/** A small HTTPS client that tests use beside kubectl: quick, and in control of methods and content types. */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import { Agent, request } from "node:https";
import { buffer } from "node:stream/consumers";
import type { KubeconfigUser } from "./kubeconfig.ts";

export type ApiRequest = {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query, for example `/api/v1/namespaces`. */
  readonly path: string;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
};

export type ApiAnswer = {
  readonly status: number;
  readonly text: string;
  /** The body as it came. */
  readonly bytes: Buffer;
};

export type ApiClient = Disposable & {
  /** Any status is an answer; only a failed connection throws. */
  send(request: ApiRequest): Promise<ApiAnswer>;
  /** Like `send`, with the body parsed. @throws on any status but 2xx. */
  json(request: ApiRequest): Promise<unknown>;
};

const answerTimeoutMs = 30_000;

export function createApiClient(options: {
  readonly server: string;
  readonly ca: string;
  readonly user: KubeconfigUser;
}): ApiClient {
  const { server, ca, user } = options;
  const identity = "token" in user ? {} : user;
  const agent = new Agent({ keepAlive: true, ca, maxSockets: 8, ...identity });
  const authorization = "token" in user ? { authorization: `Bearer ${user.token}` } : {};
  return clientOf(agent, (path, sending) =>
    request(new URL(path, server), {
      ...sending,
      agent,
      headers: { ...sending.headers, ...authorization },
    }),
  );
}

/** Through `kubectl proxy --unix-socket`, which signs in as its kubeconfig says, exec plugins included. */
export function createProxiedApiClient(socketPath: string): ApiClient {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 8 });
  return clientOf(agent, (path, sending) => httpRequest({ ...sending, path, socketPath, agent }));
}

type Sending = {
  readonly method: string;
  readonly timeout: number;
  readonly headers: { readonly [name: string]: string };
};

function clientOf(
  agent: { destroy(): void },
  open: (path: string, sending: Sending) => ClientRequest,
): ApiClient {
  async function send(wanted: ApiRequest): Promise<ApiAnswer> {
    const body = wanted.body === undefined ? undefined : JSON.stringify(wanted.body);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = open(wanted.path, {
        method: wanted.method ?? "GET",
        timeout: answerTimeoutMs,
        headers: {
          accept: wanted.accept ?? "application/json",
          ...(body === undefined
            ? {}
            : { "content-type": wanted.contentType ?? "application/json" }),
        },
      });
      outgoing.on("response", resolve);
      outgoing.on("error", reject);
      outgoing.on("timeout", () =>
        outgoing.destroy(new Error(`${wanted.path}: no answer in ${answerTimeoutMs} ms`)),
      );
      outgoing.end(body);
    });
    const bytes = await buffer(response);
    return { status: response.statusCode ?? 0, text: bytes.toString("utf8"), bytes };
  }

  return {
    send,
    async json(wanted) {
      const answer = await send(wanted);
      if (answer.status < 200 || answer.status > 299) {
        throw new Error(
          `${wanted.method ?? "GET"} ${wanted.path}: ${answer.status} ${answer.text.slice(0, 500)}`,
        );
      }
      return JSON.parse(answer.text) as unknown;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
