/**
 * What comes out of response bytes. Only allow-listed fields ever become JavaScript values.
 *
 * @module
 */
import type { Manager } from "@obsyk/contract";

export type ProjectedObject = {
  /** Kubernetes' own uid as sent; `""` when there is none (mode `counts`). */
  readonly uid: string;
  /** `""` for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly managers: readonly Manager[];
  /** The record: pruned Kubernetes object as canonical JSON text, in UTF-8. Valid until its decoder's next chunk. */
  readonly canonical: Buffer;
};

/** The same object, whose record stays valid. */
export function keepRecord(object: ProjectedObject): ProjectedObject {
  return { ...object, canonical: Buffer.from(object.canonical) };
}

/** An object whose bytes could not be turned into a record (R12). `uid` when at least that was readable. */
export type Unreadable = { readonly uid: string | undefined; readonly reason: string };

export type ListEvent =
  | { readonly kind: "object"; readonly object: ProjectedObject }
  | { readonly kind: "unreadable"; readonly item: Unreadable }
  | {
      readonly kind: "meta";
      readonly resourceVersion: string;
      /** `""` on the last page. */
      readonly continueToken: string;
      /** Known only for unfiltered lists with more pages. */
      readonly remainingItems: number | undefined;
    };

export type WatchEvent =
  | { readonly kind: "added" | "modified" | "deleted"; readonly object: ProjectedObject }
  | { readonly kind: "bookmark"; readonly resourceVersion: string }
  | {
      readonly kind: "error";
      readonly code: number;
      readonly reason: string;
      readonly retryAfterSeconds: number | undefined;
    }
  | { readonly kind: "unreadable"; readonly item: Unreadable };

/**
 * Turns chunks of one response body into events, whatever the chunk boundaries.
 *
 * @throws {ProjectError} `decode` when the bytes are no valid stream of this type, `guard` when a Table reader meets
 * anything but a Table (the socket must be destroyed before more is read).
 */
export type Decoder<Event> = {
  push(chunk: Uint8Array): readonly Event[];
  /** The body ended. A list must be complete; a watch may end within a frame, which is dropped. */
  end(): readonly Event[];
};

export class ProjectError extends Error {
  override readonly name = "ProjectError";
  readonly code: "decode" | "guard";

  constructor(code: "decode" | "guard", message: string) {
    super(message);
    this.code = code;
  }
}
