/** What a person types, without showing it. */
import type { ReadStream } from "node:tty";
import { CliError } from "./errors.ts";

export type SecretLineOptions = {
  readonly input: NodeJS.ReadStream | ReadStream;
  readonly output: { write(text: string): unknown };
  readonly prompt: string;
  readonly signal: AbortSignal;
};

/** A link or a token is far shorter. */
const maxLineChars = 16_384;

/**
 * The first line of the input. On a terminal the prompt is written and nothing that is typed appears.
 *
 * @throws the signal's reason, also for Ctrl-C while the terminal is in raw mode.
 */
export async function readSecretLine(options: SecretLineOptions): Promise<string> {
  const { input, output, prompt, signal } = options;
  signal.throwIfAborted();
  if (input.isTTY) {
    output.write(prompt);
    input.setRawMode(true);
  }
  const stop = (): void => void input.destroy(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    let line = "";
    for await (const chunk of input.setEncoding("utf8") as AsyncIterable<string>) {
      const end = take(line, chunk);
      line = end.line;
      if (end.isWhole || line.length > maxLineChars) break;
    }
    return line;
  } finally {
    signal.removeEventListener("abort", stop);
    if (input.isTTY) {
      input.setRawMode(false);
      output.write("\n");
    }
  }
}

function take(before: string, chunk: string): { readonly line: string; readonly isWhole: boolean } {
  let line = before;
  for (const char of chunk) {
    if (char === "\r" || char === "\n" || char === "\u0004") return { line, isWhole: true };
    if (char === "\u0003") throw new CliError("INTERRUPTED", "interrupted");
    line = char === "\u007f" || char === "\b" ? line.slice(0, -1) : line + char;
  }
  return { line, isWhole: false };
}
