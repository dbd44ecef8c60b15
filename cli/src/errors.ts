/** What each exit code says; shown by `obsyk help exit-codes` and in the reference. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  "not-allowed": 3,
  unreachable: 4,
  interrupted: 130,
} as const;

type Ending = keyof typeof exitCodes;

const endings = {
  KEY_REFUSED: "failed",
  FILE_EXISTS: "failed",
  FOUND: "failed",
  FILE_FAILED: "failed",
  NOT_FOUND: "failed",
  AMBIGUOUS: "usage",
  USAGE: "usage",
  CONFIG_WRONG: "failed",
  NOT_SIGNED_IN: "not-allowed",
  FORBIDDEN: "not-allowed",
  UNREACHABLE: "unreachable",
  UNAVAILABLE: "unreachable",
  REFUSED: "failed",
  UNEXPECTED_ANSWER: "failed",
  INTERRUPTED: "interrupted",
} as const satisfies { readonly [code: string]: Ending };

/** What a command could not do, in words for the person who typed it: what was wrong, and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: keyof typeof endings;

  constructor(code: keyof typeof endings, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number {
    return exitCodes[endings[this.code]];
  }
}

/** Says why a file operation failed without repeating the system's own sentence. */
export function fileError(step: string, file: string, cause: unknown): CliError {
  return new CliError("FILE_FAILED", `cannot ${step} ${file}: ${systemCode(cause)}`, { cause });
}

/** `ENOENT` and the like. */
export function systemCode(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
}
