/**
 * Organisations, the people in them, their sessions, invitations and API tokens. Times are RFC 3339 strings in UTC.
 *
 * @module
 */
import { z } from "zod";
import { limits } from "./limits.ts";

const time = z.string();
const uuid = z.uuid();

export const roles = ["owner", "admin", "viewer"] as const;
export type Role = (typeof roles)[number];

/** A name as people write it: no control characters, nothing but spaces at its ends refused by `trim`. */
const personName = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .regex(/^\P{Cc}*$/u);

/** What of an organisation a viewer sees: nothing else, counts included. */
export const accessSchema = z
  .array(
    z.strictObject({
      clusterId: uuid,
      /** The whole cluster when absent. */
      namespaces: z
        .array(z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/))
        .min(1)
        .max(limits.accessNamespaces)
        .optional(),
    }),
  )
  .min(1)
  .max(limits.accessClusters);
export type AccessList = z.infer<typeof accessSchema>;

const grant = {
  role: z.enum(roles),
  /** Everything when absent; only a viewer can have limits. */
  access: accessSchema.optional(),
};

export const personSchema = z.object({
  id: uuid,
  name: z.string(),
  email: z.string().optional(),
  ...grant,
  createdAt: time,
  lastSeen: time.optional(),
});
export type Person = z.infer<typeof personSchema>;

export const personChangeSchema = z.strictObject(grant);
export type PersonChange = z.infer<typeof personChangeSchema>;

export const invitationRequestSchema = z.strictObject({
  ...grant,
  /** For whom, as the list of invitations shows it. */
  note: z.string().trim().max(128).default(""),
});
export type InvitationRequest = z.infer<typeof invitationRequestSchema>;

export const invitationSchema = z.object({
  id: uuid,
  ...grant,
  note: z.string(),
  createdBy: z.string(),
  createdAt: time,
  expiresAt: time,
});
export type Invitation = z.infer<typeof invitationSchema>;

/** The URL is told once; the platform keeps a hash of its token. */
export const newInvitationSchema = invitationSchema.extend({ url: z.string() });
export type NewInvitation = z.infer<typeof newInvitationSchema>;

/** Takes an invitation up. Who is signed in already joins as the same person; others give a name. */
export const acceptInvitationSchema = z.strictObject({
  token: z.string().min(1).max(128),
  name: personName.optional(),
});
export type AcceptInvitation = z.infer<typeof acceptInvitationSchema>;

export const signInLinkSchema = z.object({ url: z.string(), expiresAt: time });
export type SignInLink = z.infer<typeof signInLinkSchema>;

export const ownSessionSchema = z.object({
  id: uuid,
  isCurrent: z.boolean(),
  userAgent: z.string().optional(),
  createdAt: time,
  lastUsedAt: time,
});
export type OwnSession = z.infer<typeof ownSessionSchema>;

export const tokenRequestSchema = z.strictObject({
  name: personName,
  ...grant,
  /** At most a year. */
  days: z.number().int().min(1).max(limits.tokenDays),
});
export type TokenRequest = z.infer<typeof tokenRequestSchema>;

export const tokenSchema = z.object({
  id: uuid,
  name: z.string(),
  ...grant,
  createdAt: time,
  expiresAt: time,
  lastUsedAt: time.optional(),
});
export type Token = z.infer<typeof tokenSchema>;

/** The token is told once; the platform keeps a hash of its secret. */
export const newTokenSchema = tokenSchema.extend({ token: z.string() });
export type NewToken = z.infer<typeof newTokenSchema>;

export const orgSchema = z.object({ id: uuid, name: z.string() });
export type Org = z.infer<typeof orgSchema>;

export const orgRequestSchema = z.strictObject({ name: personName });
export type OrgRequest = z.infer<typeof orgRequestSchema>;

export const membershipSchema = z.object({
  ...orgSchema.shape,
  role: z.enum(roles),
  isCurrent: z.boolean(),
});
export type Membership = z.infer<typeof membershipSchema>;

export const switchOrgSchema = z.strictObject({ orgId: uuid });
export type SwitchOrg = z.infer<typeof switchOrgSchema>;

/** Deleting is confirmed by the organisation's name. */
export const deleteOrgSchema = z.strictObject({ name: z.string().min(1).max(128) });
export type DeleteOrg = z.infer<typeof deleteOrgSchema>;
