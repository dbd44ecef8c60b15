/**
 * What a caller may see, once it has proven who it is. A scope is nominal: only `createScope` makes one, and only code
 * that authenticates imports that (isolation.test.ts holds the tree to it).
 *
 * @module
 */

export type Role = "owner" | "admin" | "viewer" | "agent";

/** One organisation and what of it, as proven by an access token, a session or an API token. */
export class OrgScope {
  readonly orgId: number;
  readonly role: Role;
  /** Makes the type nominal: an object with the same members is no scope. */
  readonly #isProven = true;

  constructor(orgId: number, role: Role) {
    this.orgId = orgId;
    this.role = role;
  }

  static isScope(value: unknown): value is OrgScope {
    return value instanceof OrgScope && value.#isProven;
  }
}
