/** The columns of the tables that people, clients and sign-in need, as Kysely sees them. */
import type { IdentityProviderRequest, Role } from "@obsyk/contract";
import type { Generated } from "kysely";
import type { AccessLimits } from "./org-scope.ts";

export type Tables = {
  org: {
    org_id: Generated<number>;
    public_id: Generated<string>;
    name: string;
    created_at: Generated<Date>;
    erased_at: Date | null;
  };
  person: {
    org_id: number;
    person_id: Generated<string>;
    name: string;
    role: Role;
    account_id: Generated<string>;
    email: string | null;
    access: AccessLimits | null;
    created_at: Generated<Date>;
  };
  invitation: {
    org_id: number;
    invitation_id: Generated<string>;
    token_hash: Buffer;
    role: Role;
    access: AccessLimits | null;
    note: string;
    created_by: string;
    created_at: Date;
    expires_at: Date;
  };
  identity_provider: {
    org_id: number;
    provider_id: Generated<string>;
    name: string;
    issuer: string;
    client_id: string;
    domain: string;
    domain_token: string;
    domain_verified_at: Date | null;
    groups_claim: string;
    groups: IdentityProviderRequest["groups"];
    created_at: Date;
  };
  identity: {
    org_id: number;
    provider_id: string;
    subject: string;
    person_id: string;
    created_at: Date;
  };
  api_token: {
    org_id: number;
    token_id: string;
    person_id: string;
    name: string;
    secret_hash: Buffer;
    role: Role;
    access: AccessLimits | null;
    created_at: Date;
    expires_at: Date;
    last_used_at: Date | null;
  };
  sign_in_link: {
    token_hash: Buffer;
    org_id: number;
    person_id: string;
    created_at: Date;
    expires_at: Date;
  };
  session: {
    id_hash: Buffer;
    org_id: number;
    person_id: string;
    session_id: Generated<string>;
    user_agent: string | null;
    created_at: Date;
    last_used_at: Date;
  };
  client: {
    org_id: number;
    client_id: string;
    name: string;
    profile: "v1" | "v2";
    created_at: Date;
    disabled_at: Date | null;
  };
  client_key: {
    org_id: number;
    client_id: string;
    thumbprint: string;
    public_key: Buffer;
    created_at: Date;
  };
  cluster: {
    org_id: number;
    cluster_id: Generated<string>;
    name: string;
    client_id: string;
    created_at: Date;
  };
  used_assertion: { org_id: number; client_id: string; jti: string; expires_at: Date };
};
