/**
 * A TLS server whose every byte a test writes: for answers that no proper HTTP server would give. It reads requests
 * without a body, one at a time on each connection.
 *
 * @module
 */
import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";

export type ScriptedRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  /** Number of the connection, from 1. */
  readonly connection: number;
  readonly reply: ScriptedReply;
};

export type ScriptedReply = {
  /** Status line and headers; the body is chunked unless the headers say otherwise. */
  head(status: number, headers?: { readonly [name: string]: string }): void;
  /** One HTTP chunk. */
  chunk(bytes: string | Uint8Array): void;
  /** Bytes as they are. */
  raw(bytes: string | Uint8Array): void;
  /** The closing chunk; the connection takes its next request. */
  end(): void;
  /** Ends the connection with a TCP reset. */
  reset(): void;
  /** Ends the connection in an orderly way, wherever the answer is. */
  hangUp(): void;
  /** Head, one chunk and end. */
  send(
    status: number,
    body: string | Uint8Array,
    headers?: { readonly [name: string]: string },
  ): void;
  /** Whether the other side is still there. */
  isOpen(): boolean;
  /** What the other side has not taken yet. */
  unsentBytes(): number;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
};

export type ScriptedServer = AsyncDisposable & {
  /** `https://localhost:PORT`. */
  readonly url: string;
  readonly requests: readonly ScriptedRequest[];
  /** Connections made so far, and those open now. */
  readonly connections: { readonly total: number; readonly open: number };
};

/** Calls `respond` for each request; what it does not answer hangs. */
export async function openScriptedServer(options: {
  readonly tls: { readonly cert: string; readonly key: string; readonly maxVersion?: "TLSv1.2" };
  readonly respond: (request: ScriptedRequest) => void | Promise<void>;
}): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const open = new Set<TLSSocket>();
  const rawSockets = new Set<Socket>();
  let total = 0;
  const tlsServer = createTlsServer({ ALPNProtocols: ["http/1.1"], ...options.tls }, (socket) => {
    total += 1;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => undefined);
    readRequests(socket, total, (request) => {
      requests.push(request);
      void (async () => options.respond(request))().catch(() => socket.destroy());
    });
  });
  tlsServer.on("tlsClientError", () => undefined);
  // The TCP server is kept apart so that a reset can reach the socket below TLS.
  const server = createTcpServer((raw) => {
    rawSockets.add(raw);
    raw.once("close", () => rawSockets.delete(raw));
    raw.on("error", () => undefined);
    tlsServer.emit("connection", raw);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A listening TCP server always has an address record.
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    requests,
    connections: {
      get total() {
        return total;
      },
      get open() {
        return open.size;
      },
    },
    async [Symbol.asyncDispose]() {
      for (const raw of rawSockets) raw.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function readRequests(
  socket: TLSSocket,
  connection: number,
  use: (request: ScriptedRequest) => void,
): void {
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      use({ ...parseHead(head), connection, reply: replyOn(socket, closed) });
    }
  });
}

function parseHead(head: string): Pick<ScriptedRequest, "method" | "path" | "query" | "headers"> {
  const [first = "", ...lines] = head.split("\r\n");
  const [method = "", target = "/"] = first.split(" ");
  const url = new URL(target, "https://localhost");
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { method, path: url.pathname, query: url.searchParams, headers };
}

function replyOn(socket: TLSSocket, closed: Promise<void>): ScriptedReply {
  const raw = (bytes: string | Uint8Array): void => {
    if (socket.writable) socket.write(bytes);
  };
  const reply: ScriptedReply = {
    head(status, headers = {}) {
      const all = { "transfer-encoding": "chunked", ...headers };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      raw(`HTTP/1.1 ${status} Scripted\r\n${lines.join("")}\r\n`);
    },
    chunk(bytes) {
      const content = Buffer.from(bytes);
      // An empty chunk would be the closing one.
      if (content.length === 0) return;
      raw(Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, crlf]));
    },
    raw,
    end: () => raw("0\r\n\r\n"),
    reset() {
      // What TLS sits on is an ordinary socket here.
      const below = (socket as TLSSocket & { readonly _parent?: Socket })._parent;
      if (below === undefined) socket.destroy();
      else below.resetAndDestroy();
    },
    hangUp: () => {
      socket.end();
    },
    send(status, body, headers) {
      reply.head(status, headers);
      reply.chunk(body);
      reply.end();
    },
    isOpen: () => !socket.destroyed && socket.readable,
    unsentBytes: () => socket.writableLength,
    closed,
  };
  return reply;
}

const crlf = Buffer.from("\r\n");
