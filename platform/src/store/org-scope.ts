/**
 * What a caller may see, once it has proven who it is. A scope is nominal: only `createScope` makes one, and only code
 * that authenticates imports that (isolation.test.ts holds the tree to it).
 *
 * @module
 */

export type Role = "owner" | "admin" | "viewer" | "agent";

/** Namespaces by cluster id; `["*"]` is the whole cluster. Row-level security reads it in this form. */
export type AccessLimits = { readonly [clusterId: string]: readonly string[] };

/** One organisation and what of it, as proven by an access token, a session or an API token. */
export class OrgScope {
  readonly orgId: number;
  readonly role: Role;
  /** `undefined`: all of the organisation. */
  readonly limits: AccessLimits | undefined;
  /** Makes the type nominal: an object with the same members is no scope. */
  readonly #isProven = true;

  constructor(orgId: number, role: Role, limits: AccessLimits | undefined) {
    this.orgId = orgId;
    this.role = role;
    this.limits = limits;
  }

  static isScope(value: unknown): value is OrgScope {
    return value instanceof OrgScope && value.#isProven;
  }
}
