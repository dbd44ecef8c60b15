/** Learns which namespaces exist from what the reader of namespaces hands to its sink. */
import type { ProjectedObject } from "./project/types.ts";
import type { StreamSink } from "./reflect/sink.ts";

/**
 * The same sink, listened to.
 *
 * @param changed called with all names after a list and after each change; never before the first list ended.
 */
export function tapNamespaces(
  sink: StreamSink,
  changed: (names: ReadonlySet<string>) => void,
): StreamSink {
  let names = new Set<string>();
  let listed = new Set<string>();
  return {
    state: (state, detail) => sink.state(state, detail),
    unreadable: (item) => sink.unreadable(item),
    room: (signal) => sink.room(signal),
    mark: (resourceVersion, seen) => sink.mark(resourceVersion, seen),
    begin(list) {
      listed = new Set();
      sink.begin(list);
    },
    listed(object, seen) {
      listed.add(object.name);
      sink.listed(object, seen);
    },
    async finish(resourceVersion, seen, signal) {
      await sink.finish(resourceVersion, seen, signal);
      names = listed;
      changed(names);
    },
    watched(type, object, seen) {
      const result = sink.watched(type, object, seen);
      if (note(names, type, object)) changed(names);
      return result;
    },
  };
}

/** Whether the set changed. */
function note(
  names: Set<string>,
  type: "added" | "modified" | "deleted",
  { name }: ProjectedObject,
): boolean {
  if (type === "deleted") return names.delete(name);
  if (names.has(name)) return false;
  names.add(name);
  return true;
}
