/** Keeps what is outside the namespace filter from going any further than the reader. */
import { isNamespaceIn, type NamespaceFilter } from "@obsyk/contract";
import type { ProjectedObject } from "./project/types.ts";
import type { StreamSink } from "./reflect/sink.ts";

/**
 * The same sink, without the objects that the filter leaves out. Nothing of them is swept either: the platform keeps
 * them out of this stream's index.
 *
 * @param resource Namespace objects go by their own name
 */
export function filterNamespaces(
  sink: StreamSink,
  resource: string,
  filter: NamespaceFilter,
): StreamSink {
  const isIn = ({ name, namespace }: ProjectedObject): boolean =>
    isNamespaceIn(filter, resource === "namespaces" ? name : namespace);
  return {
    state: (state, detail) => sink.state(state, detail),
    begin: (list) => sink.begin(list),
    unreadable: (item) => sink.unreadable(item),
    room: (signal) => sink.room(signal),
    finish: (resourceVersion, seen, signal) => sink.finish(resourceVersion, seen, signal),
    mark: (resourceVersion, seen) => sink.mark(resourceVersion, seen),
    listed(object, seen) {
      if (isIn(object)) sink.listed(object, seen);
    },
    watched: (type, object, seen) => (isIn(object) ? sink.watched(type, object, seen) : "accepted"),
  };
}
