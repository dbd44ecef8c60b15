/** What a proof gets and gives. The register is tools/proofs.ts; the proofs are in test/proofs. */
export type Profile = "default" | "full";

export type ProofContext = {
  readonly profile: Profile;
  /** All randomness of a proof comes from it; the same seed repeats the run. */
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Flags that every Node process of the product must be started with: a saboteur's way in. */
  readonly nodeArguments: readonly string[];
  /** Variables that every such process needs besides its own; empty without a saboteur. */
  readonly nodeEnvironment: { readonly [name: string]: string };
  /** The saboteur at work, for proofs whose claim names a control. */
  readonly saboteur: string | undefined;
  /** Progress, one line. */
  say(line: string): void;
};

export type ProofResult = {
  /** One line: the proof's last. */
  readonly figure: string;
  /** How much was checked. Zero means that nothing was proven. */
  readonly work: number;
  readonly versions?: { readonly [name: string]: string };
  readonly details?: { readonly [name: string]: unknown };
};

/** @throws an AssertionError, a TimeoutError or a {@link ProofFailure} when the claim does not hold. */
export type Prove = (context: ProofContext) => Promise<ProofResult>;

/** The claim does not hold. Anything else that a proof throws means that the proof itself broke. */
export class ProofFailure extends Error {
  override readonly name = "ProofFailure";
}
