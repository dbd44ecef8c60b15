/**
 * What goes wrong, by script: each fault waits for requests that match and is used up by them.
 *
 * @module
 */

export type CallKind = "list" | "watch" | "get" | "discovery";

export type Fault = {
  /** Which calls; all when absent. */
  readonly call?: CallKind;
  /** kubectl's `resource.group`; all when absent. */
  readonly resource?: string;
  /** How many requests it hits; 1 when absent. */
  readonly times?: number;
  readonly effect: Effect;
};

export type Effect =
  | { readonly kind: "status"; readonly code: number; readonly retryAfter?: string }
  /** The connection dies after this many bytes of the body. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** Never answers; the connection stays open. */
  | { readonly kind: "hang" }
  | { readonly kind: "delay"; readonly ms: number }
  /** HTTP 200 and an ERROR event (watch only). */
  | { readonly kind: "watch-error"; readonly code: number; readonly reason: string };

export class Faults {
  readonly #waiting: { readonly fault: Fault; left: number }[] = [];
  #hits = 0;

  /** Requests that met a fault so far. */
  get hits(): number {
    return this.#hits;
  }

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  take(call: CallKind, resource: string | undefined): Effect | undefined {
    const entry = this.#waiting.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.call === undefined || fault.call === call) &&
        (fault.resource === undefined || fault.resource === resource),
    );
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.#waiting.splice(this.#waiting.indexOf(entry), 1);
    this.#hits += 1;
    return entry.fault.effect;
  }
}
