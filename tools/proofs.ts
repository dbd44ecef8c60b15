/** The register of proofs. */
export const proofs: readonly { readonly id: string }[] = [];
