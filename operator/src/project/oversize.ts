/**
 * What is kept of an object whose record would be above its bound: a stub that says so, so that the object is seen.
 *
 * @module
 */
import { canonicalize } from "@obsyk/contract";
import { recordOf, type ResourceDefinition } from "@obsyk/contract/allow-list";

type Identity = { readonly uid: string; readonly namespace: string; readonly name: string };

/** Canonical: identity, and as the one truncated path the whole document (`""`, RFC 6901 §5). */
export function stubRecord(definition: ResourceDefinition, identity: Identity): Buffer {
  const set = Object.entries({
    name: identity.name,
    namespace: identity.namespace,
    uid: identity.uid,
  }).filter(([, text]) => text !== "");
  const metadata = Object.fromEntries(set);
  const obsyk = { truncated: [""] };
  return Buffer.from(canonicalize(recordOf(definition, { metadata }, { mode: "metadata", obsyk })));
}
