/** Every operating failure of the platform, each with a stable code. Messages name the step and what to do. */

export class PostgresError extends Error {
  override readonly name = "PostgresError";
  readonly code:
    | "POSTGRES_NOT_FOUND"
    | "POSTGRES_UNSUPPORTED_PLATFORM"
    | "POSTGRES_USER"
    | "POSTGRES_PLACE"
    | "POSTGRES_INIT"
    | "POSTGRES_START";

  constructor(code: PostgresError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly code = "MIGRATION";
}

export class SigningKeyFileError extends Error {
  override readonly name = "SigningKeyFileError";
  readonly code = "SIGNING_KEY_FILE";
}

export class CertificateFileError extends Error {
  override readonly name = "CertificateFileError";
  readonly code = "CERTIFICATE_FILE";
}

export class DatabaseRoleError extends Error {
  override readonly name = "DatabaseRoleError";
  readonly code = "DATABASE_ROLE";
}
