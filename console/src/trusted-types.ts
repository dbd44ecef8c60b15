/**
 * Must be imported before anything that renders. The content security policy demands trusted types: no string becomes
 * markup, script or the address of one. The component library sets its style sheets as the content of style elements;
 * the default policy lets such text pass and nothing else. A browser without trusted types has the rest of the policy.
 *
 * @module
 */
import { requireMarkupFree } from "./logic/markup-free.ts";

/** As far as it is used; TypeScript's own library does not know it. */
type WithTrustedTypes = {
  readonly trustedTypes?: {
    createPolicy(name: string, rules: { createHTML(this: void, text: string): string }): unknown;
  };
};

const { trustedTypes } = globalThis as WithTrustedTypes;
trustedTypes?.createPolicy("default", { createHTML: requireMarkupFree });
