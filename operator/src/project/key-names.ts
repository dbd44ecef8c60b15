/**
 * Names of a Secret's or ConfigMap's keys, learned from managedFields: who owns which field is recorded there, never
 * a value. How far the names can be trusted is said with them.
 *
 * @module
 */
import { cleanText, cutText } from "@obsyk/contract/allow-list";
import { limits, type Json } from "@obsyk/contract";
import type { JsonCursor } from "./json-bytes.ts";

export class KeyNames {
  readonly #data = new Set<string>();
  readonly #stringData = new Set<string>();
  #entries = 0;

  /** One managedFields entry without or with `fieldsV1` was met. */
  addEntry(): void {
    this.#entries += 1;
  }

  /** Reads `fieldsV1` at the cursor. */
  readFields(cursor: JsonCursor): void {
    cursor.object((name) => {
      if (name === "f:data" || name === "f:binaryData") readNames(cursor, this.#data);
      else if (name === "f:stringData") readNames(cursor, this.#stringData);
      else cursor.skip();
    });
  }

  /**
   * `exact`: the names are as many as the keys, and all from `data`. `likely`: as many, some from a server-side apply
   * of `stringData`, which is not kept up. `partial`: some are missing or out of date. `none`: nothing is recorded.
   * Somebody who forges managedFields can make `exact` untrue.
   */
  describe(count: number): { readonly [name: string]: Json } {
    if (count === 0) return { dataCount: 0, dataKeysQuality: "exact" };
    const names = [...new Set([...this.#data, ...this.#stringData])].sort();
    const dataKeys = names.slice(0, limits.collectionItems);
    return {
      dataCount: count,
      ...(dataKeys.length === 0 ? {} : { dataKeys }),
      dataKeysQuality: this.#quality(names.length, count),
    };
  }

  #quality(names: number, count: number): string {
    if (this.#entries === 0) return "none";
    if (names !== count || names > limits.collectionItems) return "partial";
    return this.#stringData.size > 0 ? "likely" : "exact";
  }
}

function readNames(cursor: JsonCursor, into: Set<string>): void {
  cursor.object((member) => {
    // "." stands for the map itself.
    if (member.startsWith("f:")) into.add(cutText(cleanText(member.slice(2)), limits.stringChars));
    cursor.skip();
  });
}
