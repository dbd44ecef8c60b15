import type { Clock } from "@obsyk/runtime";

/** A place to write text; `isTTY` says that a person reads it. */
export type TextSink = {
  write(text: string): unknown;
  readonly isTTY?: boolean;
};

/** What a command has of the world around it. */
export type Host = {
  /** Results, and nothing else, so that they can be piped. */
  readonly out: TextSink;
  /** Progress, warnings and errors. */
  readonly error: TextSink;
  readonly env: { readonly [name: string]: string | undefined };
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /**
   * The first line of standard input, without its end. On a terminal the prompt is shown and what is typed is not.
   *
   * @throws the signal's reason when it aborts first.
   */
  readonly readSecretLine: (prompt: string, signal: AbortSignal) => Promise<string>;
  /** Aborts when the person interrupts, or nobody reads `out` any more. */
  readonly signal: AbortSignal;
};
