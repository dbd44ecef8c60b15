/**
 * Sign-in by an organisation's own identity provider (OpenID Connect).
 *
 * @module
 */
import { z } from "zod";

const groupNames = z.array(z.string().min(1).max(256)).max(100).default([]);

export const identityProviderRequestSchema = z.strictObject({
  name: z.string().trim().min(1).max(128),
  /** As the provider's discovery document names it. */
  issuer: z.url().max(512),
  clientId: z.string().min(1).max(512),
  /** People with a verified e-mail address of this domain sign in here, once the domain is verified. */
  domain: z
    .string()
    .max(253)
    .regex(/^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/),
  /** The claim that lists a person's groups. */
  groupsClaim: z.string().min(1).max(128).default("groups"),
  /** The highest role of someone's groups counts; who is in none of them does not get in. */
  groups: z.strictObject({ owner: groupNames, admin: groupNames, viewer: groupNames }),
});
export type IdentityProviderRequest = z.infer<typeof identityProviderRequestSchema>;

export const identityProviderSchema = z.object({
  id: z.uuid(),
  ...identityProviderRequestSchema.shape,
  isDomainVerified: z.boolean(),
  /** A TXT record of this name with this value proves the domain. */
  txtName: z.string(),
  txtValue: z.string(),
  /** What the provider has to be told. */
  redirectUri: z.string(),
});
export type IdentityProvider = z.infer<typeof identityProviderSchema>;

export const providerSignInSchema = z.strictObject({
  email: z
    .string()
    .max(320)
    .regex(/^[^@\s]+@[^@\s]+$/),
});
export type ProviderSignIn = z.infer<typeof providerSignInSchema>;

/** Where the browser has to go. */
export const providerUrlSchema = z.object({ url: z.string() });
export type ProviderUrl = z.infer<typeof providerUrlSchema>;
