/** The platform's settings: one table for parser, help and reference. */
import { isLoopback, type Setting, type SettingsOf } from "@obsyk/runtime";
import { postgresChoices, type PostgresChoice } from "./store/postgres-binaries.ts";

const port = { type: "integer", min: 0, max: 65_535 } as const;

export const settingsTable = {
  dataDir: {
    type: "string",
    default: "./.obsyk",
    env: "OBSYK_DATA_DIR",
    flag: "data-dir",
    doc: "Folder of the embedded PostgreSQL and of the signing key made at first start.",
  },
  databaseUrl: {
    type: "string",
    env: "DATABASE_URL",
    flag: "database-url",
    doc: "PostgreSQL 15 or later to use instead of the embedded one. The login must own nothing, so that row-level security binds it.",
  },
  databaseOwnerUrl: {
    type: "string",
    env: "OBSYK_DATABASE_OWNER_URL",
    flag: "database-owner-url",
    doc: "The same database as its owner: applies migrations at start and grants DATABASE_URL's login its rights. Needed at the first start of each version by one process only.",
  },
  postgres: {
    type: "string",
    default: "auto",
    choices: postgresChoices,
    env: "OBSYK_POSTGRES",
    flag: "postgres",
    doc: "Where the embedded server's binaries come from: the system's first (auto), or one of both.",
  },
  agentHost: {
    type: "string",
    default: "127.0.0.1",
    env: "OBSYK_AGENT_HOST",
    flag: "agent-host",
    doc: "Address of the listener for operators.",
  },
  agentPort: {
    ...port,
    default: 8443,
    env: "OBSYK_AGENT_PORT",
    flag: "agent-port",
    doc: "Port of the listener for operators (TLS 1.3 only).",
  },
  agentCertFile: {
    type: "string",
    env: "OBSYK_AGENT_CERT_FILE",
    flag: "agent-cert-file",
    doc: "Certificate chain of the listener for operators, PEM.",
  },
  agentKeyFile: {
    type: "string",
    env: "OBSYK_AGENT_KEY_FILE",
    flag: "agent-key-file",
    doc: "Key of that certificate, PEM.",
  },
  agentCaFile: {
    type: "string",
    env: "OBSYK_AGENT_CA_FILE",
    flag: "agent-ca-file",
    doc: "Certificates, PEM, that operators must trust to reach that listener; shown where a cluster is registered. None are needed for a public one.",
  },
  agentUrl: {
    type: "string",
    env: "OBSYK_AGENT_URL",
    flag: "agent-url",
    doc: "Origin that operators use; the issuer and audience of tokens. The listener's own address when absent.",
  },
  consoleHost: {
    type: "string",
    default: "127.0.0.1",
    env: "OBSYK_CONSOLE_HOST",
    flag: "console-host",
    doc: "Address of the listener for console and API.",
  },
  consolePort: {
    ...port,
    default: 8080,
    env: "OBSYK_CONSOLE_PORT",
    flag: "console-port",
    doc: "Port of the listener for console and API.",
  },
  consoleCertFile: {
    type: "string",
    env: "OBSYK_CONSOLE_CERT_FILE",
    flag: "console-cert-file",
    doc: "Certificate chain of that listener, PEM; without it, it is plain HTTP on loopback only.",
  },
  consoleKeyFile: {
    type: "string",
    env: "OBSYK_CONSOLE_KEY_FILE",
    flag: "console-key-file",
    doc: "Key of that certificate, PEM.",
  },
  consoleUrl: {
    type: "string",
    env: "OBSYK_CONSOLE_URL",
    flag: "console-url",
    doc: "Origin that browsers use. The listener's own address when absent.",
  },
  consoleDir: {
    type: "string",
    env: "OBSYK_CONSOLE_DIR",
    flag: "console-dir",
    doc: "Folder of the built console; without it there is the API alone.",
  },
  observeHost: {
    type: "string",
    default: "127.0.0.1",
    env: "OBSYK_OBSERVE_HOST",
    flag: "observe-host",
    doc: "Address of the listener for health and metrics.",
  },
  observePort: {
    ...port,
    default: 9090,
    env: "OBSYK_OBSERVE_PORT",
    flag: "observe-port",
    doc: "Port of the listener for health and metrics.",
  },
  signingKeyFile: {
    type: "string",
    env: "OBSYK_SIGNING_KEY_FILE",
    flag: "signing-key-file",
    doc: "ECDSA P-256 key that signs access tokens, PEM; the same for all processes. Made in the data directory when absent and PostgreSQL is embedded.",
  },
  oidcSecretDir: {
    type: "string",
    env: "OBSYK_OIDC_SECRET_DIR",
    flag: "oidc-secret-dir",
    doc: "Folder of client secrets at identity providers: a file named by the provider's id. A provider without one is a public client.",
  },
  oidcCaFile: {
    type: "string",
    env: "OBSYK_OIDC_CA_FILE",
    flag: "oidc-ca-file",
    doc: "Certificates, PEM, that replace the system's store for identity providers. None are needed for public ones.",
  },
  allowPrivateIssuers: {
    type: "boolean",
    default: false,
    env: "OBSYK_ALLOW_PRIVATE_ISSUERS",
    flag: "allow-private-issuers",
    doc: "Whether identity providers may have private addresses and speak plain HTTP. For a platform inside one's own network only.",
  },
  tokenRequestsPerMinute: {
    type: "integer",
    default: 600,
    min: 1,
    max: 1_000_000,
    env: "OBSYK_TOKEN_REQUESTS_PER_MINUTE",
    flag: "token-requests-per-minute",
    doc: "Token requests that one address may make in a minute.",
  },
  clientTokenRequestsPerMinute: {
    type: "integer",
    default: 60,
    min: 1,
    max: 1_000_000,
    env: "OBSYK_CLIENT_TOKEN_REQUESTS_PER_MINUTE",
    flag: "client-token-requests-per-minute",
    doc: "Token requests that may be made in one client's name in a minute.",
  },
  logLevel: {
    type: "string",
    default: "info",
    choices: ["debug", "info", "warn", "error"],
    env: "OBSYK_LOG_LEVEL",
    flag: "log-level",
    doc: "Least level that is logged.",
  },
} as const satisfies { readonly [name: string]: Setting };

export type PlatformSettings = SettingsOf<typeof settingsTable>;

/** The parser holds the value to the table's choices. */
export function postgresChoice(settings: PlatformSettings): PostgresChoice {
  return postgresChoices.find((choice) => choice === settings.postgres) ?? "auto";
}

/** Mistakes that no single setting shows. */
export function findContradictions(settings: PlatformSettings): readonly string[] {
  const problems: string[] = [];
  if (settings.agentCertFile === undefined || settings.agentKeyFile === undefined) {
    problems.push(
      "OBSYK_AGENT_CERT_FILE and OBSYK_AGENT_KEY_FILE are needed: operators connect by TLS only",
    );
  }
  if ((settings.consoleCertFile === undefined) !== (settings.consoleKeyFile === undefined)) {
    problems.push("OBSYK_CONSOLE_CERT_FILE and OBSYK_CONSOLE_KEY_FILE belong together");
  }
  if (settings.consoleCertFile === undefined && !isLoopbackHost(settings.consoleHost)) {
    problems.push(
      "OBSYK_CONSOLE_HOST is reachable from other machines: set OBSYK_CONSOLE_CERT_FILE and OBSYK_CONSOLE_KEY_FILE",
    );
  }
  if (settings.databaseUrl !== undefined && settings.signingKeyFile === undefined) {
    problems.push("OBSYK_SIGNING_KEY_FILE is needed with DATABASE_URL: all processes share it");
  }
  if (settings.databaseOwnerUrl !== undefined && settings.databaseUrl === undefined) {
    problems.push("OBSYK_DATABASE_OWNER_URL needs DATABASE_URL: the login the platform works as");
  }
  for (const [name, text] of [
    ["OBSYK_AGENT_URL", settings.agentUrl],
    ["OBSYK_CONSOLE_URL", settings.consoleUrl],
  ] as const) {
    if (text !== undefined && !isOrigin(text)) {
      problems.push(`${name} must be an origin such as https://obsyk.example.com, without a path`);
    }
  }
  if (settings.agentUrl?.startsWith("http:") === true) {
    problems.push("OBSYK_AGENT_URL must begin with https:");
  }
  return problems;
}

/**
 * What makes a sign-in link for this platform. Its own paths are in it only when nobody but this machine's people can
 * see the page that shows it.
 */
export function signInCommand(settings: PlatformSettings): string {
  const words = ["npx", "node", "platform/src/main.ts", "sign-in-link"];
  if (!isLoopbackHost(settings.consoleHost)) return words.join(" ");
  for (const [flag, value, usual] of [
    [settingsTable.dataDir.flag, settings.dataDir, settingsTable.dataDir.default],
    [settingsTable.consoleUrl.flag, settings.consoleUrl, undefined],
    [settingsTable.postgres.flag, settings.postgres, settingsTable.postgres.default],
  ] as const) {
    if (value !== undefined && value !== usual) words.push(`--${flag}`, shellWord(value));
  }
  return words.join(" ");
}

function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

export function isLoopbackHost(host: string): boolean {
  const text = `http://${host.includes(":") ? `[${host}]` : host}`;
  return URL.canParse(text) && isLoopback(new URL(text));
}
