/**
 * `GET /api/v1/live`: server-sent events (WHATWG HTML §9.2), one per applied batch of the organisation's clusters.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { apiPaths, liveBeat, type LiveEvent } from "@obsyk/contract";
import type { Clock } from "@obsyk/runtime";
import type { Deps } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import type { HttpServer } from "../http/server.ts";
import type { LiveHub } from "./live.ts";

const maxClients = 256;
/** After this long the caller has to come again, and to prove again who it is. */
const streamMs = 15 * 60_000;
/** A caller that reads slower than this is cut off: it comes again and reads anew. */
const unsentBytes = 256 * 1024;

export function registerLive(
  server: HttpServer,
  deps: Pick<Deps, "clock" | "events" | "authenticatePerson" | "stopping">,
  hub: LiveHub,
): void {
  const open = new Set<ServerResponse>();
  server.get(apiPaths.live, async (request, reply) => {
    const { scope } = await deps.authenticatePerson(request);
    if (open.size >= maxClients) {
      throw new ProblemError("unavailable", "Too many event streams are open: try again later", {
        retryAfterSeconds: 30,
      });
    }
    reply.hijack();
    const response = reply.raw;
    const closed = new AbortController();
    open.add(response);
    deps.events.liveClients(open.size);
    response.on("close", () => closed.abort());
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
    response.write("retry: 2000\n\n");
    const unsubscribe = hub.subscribe(scope, (event) => send(response, event));
    try {
      await beat(response, deps.clock, AbortSignal.any([closed.signal, deps.stopping]));
    } finally {
      unsubscribe();
      open.delete(response);
      deps.events.liveClients(open.size);
      response.end();
    }
  });
}

function send(response: ServerResponse, event: LiveEvent): void {
  if (response.writableLength > unsentBytes) response.destroy();
  else
    response.write(
      `id: ${event.clusterId}:${event.changeNumber}\ndata: ${JSON.stringify(event)}\n\n`,
    );
}

/** Beats keep the connection open, tell the caller that it is, and notice a caller that is gone. Returns when the stream has to end. */
async function beat(response: ServerResponse, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.monotonic() + streamMs;
  while (!signal.aborted && clock.monotonic() < until) {
    response.write(`event: ${liveBeat.event}\ndata:\n\n`);
    await clock.sleep(liveBeat.everyMs, { signal }).catch(() => undefined);
  }
}
