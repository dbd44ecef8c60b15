/** Whether the key names that the platform shows equal the truth, or admit that they don't. */
import type { InventoryObject } from "@obsyk/contract";
import type { Planted } from "./planting.ts";

type KeyNames = {
  readonly dataKeys?: readonly string[];
  readonly dataCount?: number;
  readonly dataKeysQuality?: "exact" | "likely" | "partial" | "none";
};

/** One sentence a mistake. */
export function keyMistakes(
  planted: readonly Planted[],
  seen: readonly InventoryObject[],
): string[] {
  const shown = new Map(seen.map((object) => [`${object.resource}/${object.name}`, object]));
  return planted.flatMap(({ resource, name, keys }) => {
    const record = shown.get(`${resource}/${name}`)?.record;
    if (record === undefined) return [`${resource}/${name} is not shown`];
    const mistake = mistakeIn(record["obsyk"] ?? {}, keys);
    return mistake === undefined ? [] : [`key names of ${resource}/${name}: ${mistake}`];
  });
}

function mistakeIn(shown: KeyNames, keys: readonly string[]): string | undefined {
  const { dataKeys = [], dataCount = 0, dataKeysQuality = "none" } = shown;
  if (dataCount !== keys.length) return `count ${dataCount} instead of ${keys.length}`;
  switch (dataKeysQuality) {
    case "exact":
    case "likely":
      return String(dataKeys) === String(keys)
        ? undefined
        : `${dataKeysQuality} ${String(dataKeys)} instead of ${String(keys)}`;
    case "partial":
      return dataKeys.every((key) => keys.includes(key)) && dataKeys.length < keys.length
        ? undefined
        : `partial ${String(dataKeys)} of ${String(keys)}`;
    case "none":
      return dataKeys.length === 0 ? undefined : `none, but ${String(dataKeys)}`;
  }
}
