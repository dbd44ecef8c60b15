/**
 * What Node is started with for an operator. Measured with `npm run bench -- operator-memory operator-cpu`; together they
 * take a list of 10,000 pods from about 123 to about 95 MB.
 *
 * - `--single-threaded`: no threads for a collector and compiler that have little to do.
 * - `--max-semi-space-size=1`: new objects die young here; more room for them only costs memory.
 * - `--no-separate-gc-phases`: else no new objects are collected while old ones are marked, and those grow past all bounds.
 * - `--optimize-for-size`: the heap grows in small steps.
 * - `--max-opt=2`: without the last compiler, whose code alone is 5 MB; lists are over before it pays.
 */
export const nodeFlags: readonly string[] = [
  "--single-threaded",
  "--max-semi-space-size=1",
  "--no-separate-gc-phases",
  "--optimize-for-size",
  "--max-opt=2",
];
