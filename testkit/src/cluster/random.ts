/** A whole number from `min` to `max`, both included. */
export function between(random: () => number, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}

/** @throws {RangeError} when there is nothing to pick from. */
export function pick<T>(random: () => number, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

/** The alphabet Kubernetes itself uses for generated names: no vowels, so no words. */
const safeLetters = "bcdfghjklmnpqrstvwxz2456789".split("");

export function suffix(random: () => number, length: number): string {
  return Array.from({ length }, () => pick(random, safeLetters)).join("");
}

export function hex(random: () => number, length: number): string {
  return Array.from({ length }, () => between(random, 0, 15).toString(16)).join("");
}
