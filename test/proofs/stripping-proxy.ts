/**
 * A proxy before the API server that knows better than its clients: it takes the Table parts out of the Accept header,
 * so that whole Secrets come back to somebody who asked for none.
 */
import { once } from "node:events";
import { createServer, request, type ServerOptions } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createCertificates } from "@obsyk/testkit";
import type { Endpoint } from "./system.ts";

/** What became of one answer that its client had not asked for. */
export type StrippedAnswer = {
  readonly path: string;
  /** Pieces of the body handed over until the client closed the connection; 0 when it closed at the head. */
  readonly chunks: number;
  readonly body: Buffer;
  readonly closedByClient: boolean;
};

type Stripping = {
  readonly calls: "lists" | "watches";
  readonly accept: "application/json" | "application/vnd.kubernetes.protobuf";
};

export type StrippingProxy = AsyncDisposable & {
  readonly url: string;
  readonly ca: string;
  /** From now on; `undefined` for a proxy that does as it should. Cuts what is under way. */
  strip(stripping: Stripping | undefined): void;
  readonly stripped: readonly StrippedAnswer[];
  /** Heads of all requests, which must not carry a value either. */
  readonly asked: readonly string[];
};

/** Time a client has to close at the first piece before it is given more. */
const patienceMs = 1500;

export async function openStrippingProxy(upstream: Endpoint): Promise<StrippingProxy> {
  const certificates = await createCertificates();
  const sockets = new Set<Socket>();
  const stripped: StrippedAnswer[] = [];
  const asked: string[] = [];
  const running = new Set<Promise<void>>();
  let stripping: Stripping | undefined;
  const options: ServerOptions = {
    cert: certificates.cert,
    key: certificates.key,
    minVersion: "TLSv1.3",
  };
  const server = createServer(options, (incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}\n${incoming.rawHeaders.join("\n")}`);
    const exchange = { incoming, response, stripping };
    const work = (async (): Promise<void> => {
      try {
        const answer = await carry(upstream, exchange);
        if (answer !== undefined) stripped.push(answer);
      } catch {
        // Either side may break off at any time.
        response.destroy();
      }
    })();
    running.add(work);
    void work.finally(() => running.delete(work));
  });
  server.on("secureConnection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    // A listening TCP server always has an address record.
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: certificates.ca,
    stripped,
    asked,
    strip(next) {
      stripping = next;
      cut();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      cut();
      await Promise.all([closed, ...running]);
    },
  };
}

type Exchange = {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly stripping: Stripping | undefined;
};

async function carry(
  upstream: Endpoint,
  { incoming, response, stripping }: Exchange,
): Promise<StrippedAnswer | undefined> {
  const path = incoming.url ?? "/";
  const accept = stripping === undefined ? undefined : acceptFor(path, stripping);
  const outgoing = request(new URL(path, upstream.url), {
    method: incoming.method,
    ca: upstream.ca,
    agent: false,
    headers: {
      ...incoming.headers,
      host: new URL(upstream.url).host,
      ...(accept === undefined ? {} : { accept }),
    },
  });
  response.once("close", () => outgoing.destroy());
  outgoing.end();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const { "transfer-encoding": _, connection: __, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, headers);
  response.flushHeaders();
  if (accept === undefined) {
    answer.pipe(response);
    await once(response, "close");
    return undefined;
  }
  return handOver(answer, response, path);
}

/** `undefined` for calls that pass as they are. */
function acceptFor(path: string, { calls, accept }: Stripping): string | undefined {
  const url = new URL(path, "https://upstream");
  if (!/\/(secrets|configmaps)$/.test(url.pathname)) return undefined;
  const isWatch = url.searchParams.has("watch");
  if (isWatch !== (calls === "watches")) return undefined;
  return isWatch && accept.endsWith("protobuf") ? `${accept};stream=watch` : accept;
}

/** Piece by piece, with time after the first for the client to close. */
async function handOver(
  answer: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<StrippedAnswer> {
  const given: Buffer[] = [];
  const closed = once(response, "close");
  let isOpen = true;
  void closed.then(() => (isOpen = false));
  // A client that closes at the head closes before there is a body to give.
  await Promise.race([closed, delay(patienceMs / 3)]);
  let isWhole = false;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (!isOpen) break;
      given.push(chunk);
      response.write(chunk);
      // Who did not close then will not close now.
      await Promise.race([closed, delay(given.length === 1 ? patienceMs : 1)]);
    }
    isWhole = isOpen;
  } catch {
    // The upstream connection ends with the client's.
  }
  if (isWhole) response.end();
  return { path, chunks: given.length, body: Buffer.concat(given), closedByClient: !isWhole };
}
