/** What the page of an object says whose record could not be stored; `undefined` for any other. */
export function stubNotice({ stub }: { readonly stub?: string | undefined }): string | undefined {
  return stub === undefined
    ? undefined
    : `The platform could not store what was collected of this object: ${stub}. That it exists, and when it was last seen, is known; the rest of this page is empty until a record arrives that can be stored.`;
}
