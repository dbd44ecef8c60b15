/** The columns of the tables that people, clients and sign-in need, as Kysely sees them. */
import type { Generated } from "kysely";

export type Tables = {
  org: {
    org_id: Generated<number>;
    public_id: Generated<string>;
    name: string;
    created_at: Generated<Date>;
  };
  person: {
    org_id: number;
    person_id: Generated<string>;
    name: string;
    role: "owner" | "admin" | "viewer";
    created_at: Generated<Date>;
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
