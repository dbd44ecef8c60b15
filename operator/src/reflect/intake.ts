/**
 * Where the items of a list go: straight into the sink, or, when polled, first into a small buffer, since a poll that
 * finds nothing new says so with a mark instead of a list.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { keepRecord, type ProjectedObject, type Unreadable } from "../project/types.ts";
import type { Context } from "./context.ts";
import type { Listing } from "./state.ts";

export type Intake = {
  /** The API server began to answer. */
  begin(): void;
  object(object: ProjectedObject, seen: number): void;
  unreadable(item: Unreadable): void;
  /** The list is complete. */
  finish(resourceVersion: string, seen: number, signal: AbortSignal): Promise<void>;
};

/** Objects a poll holds back at most; a larger namespace is handed over at once. */
const maxHeld = 5000;

export function openIntake(state: Listing, context: Context): Intake {
  const direct = openDirect(state, context);
  return state.goal === "watch" ? direct : openComparing(state, context, direct);
}

function openDirect(state: Listing, { sink, cluster }: Context): Intake {
  let begun = false;
  const opened = cluster.moment();
  return {
    begin() {
      if (begun) return;
      begun = true;
      sink.begin({ attempt: state.attempt, reason: state.reason, request: state.request });
    },
    object: (object, seen) => sink.listed(object, seen),
    unreadable: (item) => sink.unreadable(item),
    async finish(resourceVersion, seen, signal) {
      // W21: what another cluster lacks is not gone.
      await cluster.confirm(signal, opened);
      await sink.finish(resourceVersion, seen, signal);
    },
  };
}

type Held =
  | { readonly kind: "object"; readonly object: ProjectedObject; readonly seen: number }
  | { readonly kind: "unreadable"; readonly item: Unreadable };

function openComparing(state: Listing, context: Context, direct: Intake): Intake {
  let held: Held[] | undefined = [];
  const digest = createHash("sha256");
  const flush = (): void => {
    if (held === undefined) return;
    direct.begin();
    for (const entry of held) {
      if (entry.kind === "object") direct.object(entry.object, entry.seen);
      else direct.unreadable(entry.item);
    }
    held = undefined;
  };
  const take = (entry: Held): void => {
    if (entry.kind === "unreadable") digest.update("u\0");
    else digest.update(`o\0${entry.object.name}\0`).update(entry.object.canonical).update("\0");
    held?.push(entry.kind === "object" ? { ...entry, object: keepRecord(entry.object) } : entry);
    if (held === undefined) {
      if (entry.kind === "object") direct.object(entry.object, entry.seen);
      else direct.unreadable(entry.item);
    } else if (held.length > maxHeld) {
      flush();
    }
  };
  return {
    begin: () => undefined,
    object: (object, seen) => take({ kind: "object", object, seen }),
    unreadable: (item) => take({ kind: "unreadable", item }),
    async finish(resourceVersion, seen, signal) {
      const found = digest.digest("hex");
      const isNew = found !== context.memory.polled || state.reason !== "audit";
      if (held !== undefined && !isNew) return context.sink.mark(resourceVersion, seen);
      context.memory.polled = undefined;
      flush();
      await direct.finish(resourceVersion, seen, signal);
      context.memory.polled = found;
    },
  };
}
