/** For tests: a whole platform in a folder of its own, with a log that is kept and a client to call it. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  generateSigningKey,
  parseSettings,
  parseSigningKey,
  systemClock,
  tlsFloor,
  type Clock,
  type SigningKey,
} from "@obsyk/runtime";
import pg from "pg";
import { openPlatform, type Platform } from "./app.ts";
import { createTestCertificate } from "./http/test-certificate.ts";
import { settingsTable } from "./settings.ts";
import { embeddedUser } from "./store/postgres-process.ts";

export type TestPlatform = AsyncDisposable & {
  readonly platform: Platform;
  /** Every log line so far. */
  readonly log: readonly string[];
  /** Trusts the listener's certificate. */
  readonly ca: string;
  readonly dataDir: string;
  /** Asks the embedded database as its owner, who sees everything. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
};

export async function openTestPlatform(
  options: {
    readonly clock?: Clock;
    readonly env?: { readonly [name: string]: string };
    readonly resolveTxt?: (name: string) => Promise<readonly (readonly string[])[]>;
  } = {},
): Promise<TestPlatform> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  // So that the server's own user, when we are root, keeps its data in here.
  await chmod(dataDir, 0o711);
  const { cert, key } = createTestCertificate();
  const certFile = path.join(dataDir, "agent.pem");
  const keyFile = path.join(dataDir, "agent-key.pem");
  await writeFile(certFile, cert);
  await writeFile(keyFile, key, { mode: 0o600 });
  const log: string[] = [];
  const platform = await openPlatform({
    settings: parseSettings(settingsTable, {
      env: {
        OBSYK_DATA_DIR: dataDir,
        OBSYK_AGENT_CERT_FILE: certFile,
        OBSYK_AGENT_KEY_FILE: keyFile,
        OBSYK_AGENT_PORT: "0",
        OBSYK_CONSOLE_PORT: "0",
        OBSYK_OBSERVE_PORT: "0",
        OBSYK_LOG_LEVEL: "debug",
        OBSYK_TOKEN_REQUESTS_PER_MINUTE: "100000",
        OBSYK_CLIENT_TOKEN_REQUESTS_PER_MINUTE: "100000",
        ...options.env,
      },
      args: [],
    }),
    clock: options.clock ?? systemClock,
    random: () => 0.5,
    ...(options.resolveTxt === undefined ? {} : { resolveTxt: options.resolveTxt }),
    logTo: { write: (line) => void log.push(line) },
  });
  return {
    platform,
    log,
    ca: cert,
    dataDir,
    query: (text, values = []) => queryAsOwner(path.join(dataDir, "run"), text, values),
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function queryAsOwner<Row extends object>(
  socketDir: string,
  text: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const client = new pg.Client({ host: socketDir, user: embeddedUser, database: embeddedUser });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

export type Answer = {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly text: string;
};

/** The members of a JSON answer. */
export function membersOf({ text }: Answer): { readonly [name: string]: unknown } {
  return JSON.parse(text) as { readonly [name: string]: unknown };
}

/** One request to the agent listener. */
export async function callAgent(
  { platform, ca }: TestPlatform,
  call: {
    readonly path: string;
    readonly method?: string;
    readonly headers?: { readonly [name: string]: string };
    readonly body?: string | Buffer;
  },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      new URL(call.path, `https://127.0.0.1:${platform.ports.agent}`),
      {
        ...tlsFloor,
        ca,
        agent: false,
        method: call.method ?? "GET",
        headers: call.headers ?? {},
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(call.body);
  });
}

/** One request to the console listener, as a page of ours would send it. */
export async function callConsole(
  { platform }: TestPlatform,
  call: {
    readonly path: string;
    readonly method?: string;
    readonly body?: unknown;
    readonly cookie?: string;
    readonly headers?: { readonly [name: string]: string };
  },
): Promise<Answer> {
  const response = await fetch(new URL(call.path, `http://127.0.0.1:${platform.ports.console}`), {
    method: call.method ?? "GET",
    headers: {
      origin: platform.consoleUrl,
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      ...(call.cookie === undefined ? {} : { cookie: call.cookie }),
      ...call.headers,
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
}

/** A fresh operator identity. */
export type TestClient = { readonly clientId: string; readonly signingKey: SigningKey };

/** Registers a client with a key of its own, as a signed-in owner. */
export async function registerTestClient(
  test: TestPlatform,
  { cookie, name }: { readonly cookie: string; readonly name: string },
): Promise<TestClient> {
  const { privatePem, publicKey } = generateSigningKey();
  const answer = await callConsole(test, {
    path: "/api/v1/clients",
    method: "POST",
    cookie,
    body: { name, publicKey: publicKey.pem },
  });
  if (answer.status !== 201) throw new Error(`not registered: ${answer.status} ${answer.text}`);
  return {
    clientId: String(membersOf(answer)["clientId"]),
    signingKey: parseSigningKey(privatePem),
  };
}

/** Signs the owner in. @returns the Cookie header of the session */
export async function signInOwner(test: TestPlatform): Promise<string> {
  const url = new URL(await test.platform.createSignInUrl());
  const answer = await callConsole(test, {
    path: "/api/v1/sign-in",
    method: "POST",
    body: { token: url.searchParams.get("token") },
  });
  const cookie = answer.headers["set-cookie"];
  if (typeof cookie !== "string") throw new Error(`no session: ${answer.status} ${answer.text}`);
  return cookie.split(";", 1)[0] ?? "";
}
