/**
 * WATCH: events after a resourceVersion, bookmarks, a deadline.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Encoder } from "./encoder.ts";
import type { Status } from "./encode/answers.ts";
import { selectedName, type ResourceRequest } from "./request.ts";
import type { ObjectStore, StoredObject, StoreEvent } from "./store.ts";

/** Bytes a slow reader may leave unread before its stream is ended, as the real server does. */
const maxUnreadBytes = 16 * 1024 * 1024;
/** The real server ends a watch that names no deadline after half an hour or more. */
const defaultTimeoutSeconds = 1800;

export type WatchOptions = {
  readonly store: ObjectStore;
  readonly request: ResourceRequest;
  readonly encoder: Encoder;
  readonly bookmarkMs: number;
  /** Asked each time: bookmarks can be switched off while a watch runs. */
  readonly sendsBookmarks: () => boolean;
};

const expired: Status = {
  code: 410,
  reason: "Expired",
  message: "too old resource version",
};

/** Answers until the deadline, the client or the server ends it. */
export function serveWatch(response: ServerResponse, options: WatchOptions): void {
  const { store, request, encoder } = options;
  const { resource } = request.definition;
  const name = selectedName(request.query);
  const isInScope = (object: StoredObject): boolean =>
    (request.namespace === undefined || object.namespace === request.namespace) &&
    (name === undefined || object.name === name);
  const send = (event: StoreEvent): void => {
    // Ended by the deadline or as too slow, but not closed yet.
    if (response.writableEnded || !isInScope(event.object)) return;
    response.write(encoder.event(event));
    if (response.writableLength > maxUnreadBytes) response.end();
  };

  response.flushHeaders();
  const from = Number(request.query.get("resourceVersion") ?? "0");
  if (from === 0) {
    for (const object of store.list(resource)) {
      send({ type: "ADDED", resourceVersion: object.resourceVersion, object });
    }
  } else {
    const backlog = store.since(resource, from);
    if (backlog === "expired") {
      response.end(
        encoder.error({
          ...expired,
          message: `${expired.message}: ${from} (${store.resourceVersion})`,
        }),
      );
      return;
    }
    for (const event of backlog) send(event);
  }

  // A version from the future gets silence until the server is there: real servers say nothing either.
  const subscription = store.subscribe(resource, (event) => {
    if (event.resourceVersion > from) send(event);
  });
  const bookmark = (): void => {
    if (!response.writableEnded && options.sendsBookmarks() && store.resourceVersion >= from) {
      response.write(encoder.bookmark(String(store.resourceVersion)));
    }
  };
  const timers = startTimers(response, { request, bookmark, bookmarkMs: options.bookmarkMs });
  response.once("close", () => {
    subscription[Symbol.dispose]();
    timers[Symbol.dispose]();
  });
}

/** Seconds before the deadline at which a last bookmark goes out. */
const lastBookmarkMs = 2000;

function startTimers(
  response: ServerResponse,
  options: {
    readonly request: ResourceRequest;
    readonly bookmark: () => void;
    readonly bookmarkMs: number;
  },
): Disposable {
  const { query } = options.request;
  const wanted = Number(query.get("timeoutSeconds") ?? "0");
  const timeoutMs = (wanted > 0 ? wanted : defaultTimeoutSeconds) * 1000;
  const timers = [setTimeout(() => response.end(), timeoutMs)];
  if (query.get("allowWatchBookmarks") === "true") {
    timers.push(setInterval(options.bookmark, options.bookmarkMs));
    if (timeoutMs > lastBookmarkMs) {
      timers.push(setTimeout(options.bookmark, timeoutMs - lastBookmarkMs));
    }
  }
  return { [Symbol.dispose]: () => timers.forEach((timer) => clearTimeout(timer)) };
}
