/**
 * A TLS proxy that writes the plaintext of both directions to disk, a file a direction and connection. It sits between
 * one of our processes and a server, and shows what really went over the wire.
 *
 * @module
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { createCertificates } from "./certificates.ts";

type Direction = "sent" | "received";

export type RecordingProxy = AsyncDisposable & {
  readonly url: string;
  /** PEM of the CA that the client must trust. */
  readonly ca: string;
  /** How many connections there were. */
  connections(): number;
  /** Every recording of one direction, seen from the client; connection numbers grow. */
  recordings(direction: Direction): Promise<{ readonly name: string; readonly bytes: Buffer }[]>;
};

export async function openRecordingProxy(options: {
  /** Where recordings are written; exists. */
  readonly folder: string;
  readonly upstream: { readonly url: string; readonly ca: string };
}): Promise<RecordingProxy> {
  const { folder, upstream } = options;
  const { hostname, port } = new URL(upstream.url);
  const certificates = await createCertificates();
  const open = new Set<Socket>();
  const running = new Set<Promise<void>>();
  let count = 0;

  async function carry(client: TLSSocket): Promise<void> {
    count += 1;
    const name = String(count).padStart(6, "0");
    const server = connect({
      host: hostname,
      port: Number(port),
      ca: upstream.ca,
      ALPNProtocols: ["http/1.1"],
    });
    for (const socket of [client, server]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      // The loops below see errors too; an error without any listener would end the process.
      socket.on("error", () => undefined);
    }
    try {
      await Promise.all([
        record(client, server, join(folder, `${name}.sent`)),
        record(server, client, join(folder, `${name}.received`)),
      ]);
    } catch {
      // Either side may break off at any time; what it had sent is recorded.
    } finally {
      client.destroy();
      server.destroy();
    }
  }

  const listener = createServer(
    {
      cert: certificates.cert,
      key: certificates.key,
      minVersion: "TLSv1.3",
      ALPNProtocols: ["http/1.1"],
    },
    (client) => {
      const carried = carry(client);
      running.add(carried);
      void carried.finally(() => running.delete(carried));
    },
  );
  listener.on("tlsClientError", () => undefined);
  // Those in the middle of their handshake too: a server that closes waits for them.
  listener.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    // A listening TCP server always has an address record.
    url: `https://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    ca: certificates.ca,
    connections: () => count,
    async recordings(direction) {
      const names = (await readdir(folder)).filter((name) => name.endsWith(`.${direction}`)).sort();
      return Promise.all(
        names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })),
      );
    },
    async [Symbol.asyncDispose]() {
      const closed = once(listener, "close");
      listener.close();
      for (const socket of open) socket.destroy();
      await Promise.all([closed, ...running]);
    },
  };
}

/** Each piece is on its way to the disk before the other side gets it. */
async function record(from: TLSSocket, to: TLSSocket, file: string): Promise<void> {
  const copy = createWriteStream(file, { mode: 0o600 });
  const closed = new Promise<void>((resolve) => to.once("close", () => resolve()));
  try {
    // Ending the loop must not destroy the socket: the other direction still uses it.
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      copy.write(chunk);
      if (!to.write(chunk)) await Promise.race([once(to, "drain"), closed]);
      if (to.destroyed) break;
    }
    to.end();
    await closed;
  } finally {
    copy.end();
  }
}
