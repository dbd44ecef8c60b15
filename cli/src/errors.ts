/** What a command could not do, in words for the person who typed it; exit code 1. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: "KEY_REFUSED" | "FILE_EXISTS" | "FILE_FAILED";

  constructor(code: CliError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Says why a file operation failed without repeating the system's own sentence. */
export function fileError(step: string, file: string, cause: unknown): CliError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  return new CliError("FILE_FAILED", `cannot ${step} ${file}: ${code}`, { cause });
}
