/** What the page of an object says whose record could not be stored; `undefined` for any other. */
export function stubNotice({ stub }: { readonly stub?: string | undefined }): string | undefined {
  return stub === undefined
    ? undefined
    : `The platform could not store what was collected of this object: ${stub}. That it exists, and when it was last seen, is known; what its record says is missing here until one arrives that can be stored.`;
}
