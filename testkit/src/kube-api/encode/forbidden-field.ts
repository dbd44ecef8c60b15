import type { Presence } from "@obsyk/contract/allow-list";

/** Presence as in the allow-list; the type is a scalar, `list T`, `map T` or a message's full name. */
export type ForbiddenField = readonly [number: number, presence: Presence, type: string];

/** JSON names by full message name. */
export type ForbiddenFields = {
  readonly [message: string]: { readonly [jsonName: string]: ForbiddenField };
};
