/** Where a command prints: results on `out`, everything else on `error`, so that results can be piped. */
export type Output = {
  readonly out: { write(text: string): unknown };
  readonly error: { write(text: string): unknown };
};
