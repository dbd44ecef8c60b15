/**
 * `/healthz`, `/readyz` and `/metrics` of a process that serves nothing else. Health answers from memory alone: it
 * never depends on another system.
 *
 * @module
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import { createHttpServer } from "./node-http.ts";

export type Observed = {
  readonly registry: Registry;
  /** Whether the process can do its work; a reason when it can't. */
  readonly isReady: () => { readonly ready: boolean; readonly reason?: string };
};

export type ObserveServer = AsyncDisposable & { readonly port: number };

export async function openObserveServer(
  observed: Observed,
  listen: { readonly host: string; readonly port: number },
): Promise<ObserveServer> {
  const server = createHttpServer((request, response) => {
    const answer = (status: number, body: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": type, "x-content-type-options": "nosniff" });
      response.end(body);
    };
    if (request.method !== "GET") return answer(405, "only GET\n");
    switch (request.url?.split("?", 1)[0] ?? "") {
      case "/healthz":
        return answer(200, "ok\n");
      case "/readyz": {
        const { ready, reason } = observed.isReady();
        return answer(ready ? 200 : 503, ready ? "ok\n" : `${reason ?? "not ready"}\n`);
      }
      case "/metrics":
        observed.registry.metrics().then(
          (text) => answer(200, text, observed.registry.contentType),
          () => answer(500, "metrics failed\n"),
        );
        return;
      default:
        return answer(404, "not found: /healthz, /readyz and /metrics exist\n");
    }
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  server.maxConnections = 64;
  server.listen(listen.port, listen.host);
  await once(server, "listening");
  return {
    // A listening TCP server always has an address record.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
