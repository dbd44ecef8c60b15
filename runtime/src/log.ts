/**
 * JSON lines on stdout. Only a process' `events.ts` calls this: one function per event, so that names stay stable.
 *
 * @module
 */
import pino from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type Fields = { readonly [name: string]: unknown };
export type Log = {
  /** `event` is `subject.happened`, for example `watch.expired`. */
  write(level: LogLevel, event: string, fields?: Fields): void;
};

export function createLog(options: {
  readonly name: string;
  readonly level: LogLevel;
  readonly destination?: { write(line: string): void };
}): Log {
  const logger = pino(
    {
      name: options.name,
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
  return {
    write(level, event, fields = {}) {
      logger[level]({ event, ...fields, ...describeError(fields["error"]) });
    },
  };
}

/** Name, code and message of an error and of its causes; stacks and other fields stay inside. */
function describeError(error: unknown): Fields {
  if (error === undefined) return {};
  const chain: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    const code = "code" in current && typeof current.code === "string" ? `${current.code}: ` : "";
    chain.push(`${code}${current.message}`);
    current = current.cause;
  }
  return { error: chain.length === 0 ? "unknown error" : chain.join(": ") };
}
