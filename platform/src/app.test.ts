import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect, type ConnectionOptions } from "node:tls";
import { generateSigningKey, parseSettings } from "@obsyk/runtime";
import { SignJWT } from "jose";
import { createTestCertificate } from "./http/test-certificate.ts";
import { findContradictions, settingsTable, signInCommand } from "./settings.ts";
import { openPool } from "./store/database.ts";
import { openTestServer } from "./store/test-database.ts";
import { readLockFile } from "./store/postgres-process.ts";
import {
  membersOf,
  callAgent,
  callConsole,
  openTestPlatform,
  registerTestClient,
  signInOwner,
} from "./test-platform.ts";

test("openPlatform: serves three listeners, signs in, and stops", async () => {
  await using target = await openTestPlatform();
  const { platform } = target;
  for (const path of ["/healthz", "/readyz"]) {
    const response = await fetch(new URL(path, platform.observeUrl));
    assert.equal(await response.text(), "ok\n");
  }
  const metadata = await callAgent(target, { path: "/.well-known/oauth-authorization-server" });
  assert.equal(membersOf(metadata)["issuer"], platform.agentUrl);
  const cookie = await signInOwner(target);
  const session = await callConsole(target, { path: "/api/v1/session", cookie });
  assert.equal(session.status, 200, session.text);
  const { name, role } = membersOf(session)["person"] as { name: string; role: string };
  assert.deepEqual([name, role], ["owner", "owner"]);
  const openapi = await callConsole(target, { path: "/api/v1/openapi.json" });
  assert(Object.hasOwn(membersOf(openapi)["paths"] as object, "/api/v1/clients"));
  const metrics = await (await fetch(new URL("/metrics", platform.observeUrl))).text();
  assert.match(metrics, /obsyk_database_up 1/);
  assert.match(metrics, /route="\/api\/v1\/session",status="200"/);
});

async function handshake(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ...options });
    socket.once("secureConnect", () => {
      resolve(socket.getProtocol() ?? "none");
      socket.destroy();
    });
    socket.once("error", (error: Error & { readonly code?: string }) => resolve(error.code ?? ""));
  });
}

test("agent listener: TLS 1.3 and nothing older, and no plain HTTP (TLS-3)", async () => {
  await using target = await openTestPlatform();
  const port = Number(new URL(target.platform.agentUrl).port);
  const { ca } = target;
  assert.equal(await handshake(port, { ca }), "TLSv1.3");
  assert.equal(
    await handshake(port, { ca, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }),
    "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
  );
  await assert.rejects(fetch(`http://127.0.0.1:${port}/oauth/token`));
  const answer = await callAgent(target, { path: "/" });
  assert.equal(answer.status, 404);
  assert.match(String(answer.headers["strict-transport-security"]), /max-age=\d+/);
});

test("openPlatform: answers 503 while PostgreSQL is killed, stays alive and heals itself", async () => {
  await using target = await openTestPlatform();
  const { platform } = target;
  const cookie = await signInOwner(target);
  const lock = await readLockFile(path.join(target.dataDir, "postgres", "data"));
  assert(lock.kind === "running");
  process.kill(lock.pid, "SIGKILL");
  const deadline = Date.now() + 30_000;
  const statuses = new Set<number>();
  const starts = (): number =>
    target.log.filter((line) => line.includes('"postgres.started"')).length;
  for (let status = 0; status !== 200 || starts() < 2;) {
    assert(Date.now() < deadline, "took too long");
    const answer = await callConsole(target, { path: "/api/v1/session", cookie });
    status = answer.status;
    statuses.add(status);
    await delay(20);
  }
  assert(statuses.has(503), "its absence was seen");
  assert.deepEqual(
    [...statuses].filter((status) => ![200, 503].includes(status)),
    [],
  );
  assert.equal((await fetch(new URL("/healthz", platform.observeUrl))).status, 200);
});

test("console pages: a nonce of its own in each answer, files as they are, every other path the page (PLAT-9)", async (t) => {
  const consoleDir = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  t.after(() => rm(consoleDir, { recursive: true }));
  await mkdir(path.join(consoleDir, "assets"));
  const html = '<meta content="__CSP_NONCE__"><i title="__SIGN_IN_COMMAND__"></i><p>page';
  await writeFile(path.join(consoleDir, "index.html"), html);
  await writeFile(path.join(consoleDir, "assets", "main-1a2b.js"), "export {};");
  await using target = await openTestPlatform({ env: { OBSYK_CONSOLE_DIR: consoleDir } });
  const page = async (at: string) =>
    callConsole(target, { path: at, headers: { accept: "text/html" } });
  const nonces = new Set<string>();
  for (const at of ["/", "/sign-in?token=x", "/clusters/a.b/pods?name=x%2Fy", "/index.html"]) {
    const answer = await page(at);
    assert.equal(answer.status, 200, at);
    const nonce = /content="([^"]+)"/.exec(answer.text)?.[1] ?? "";
    const policy = String(answer.headers["content-security-policy"]);
    assert(policy.includes(`style-src 'self' 'nonce-${nonce}'`));
    assert(policy.includes("require-trusted-types-for 'script'; trusted-types default;"));
    assert(policy.includes("script-src 'self';") && !policy.includes("unsafe"));
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    assert(answer.text.includes(`sign-in-link --data-dir ${target.dataDir}`), answer.text);
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 4);
  const script = await callConsole(target, { path: "/assets/main-1a2b.js" });
  assert.equal(script.text, "export {};");
  assert.match(String(script.headers["content-type"]), /javascript/);
  assert.match(String(script.headers["cache-control"]), /immutable/);
  assert.equal((await page("/assets/absent.js")).status, 404);
  assert.equal((await page("/api/v1/absent")).status, 404);
  assert.equal((await page("/..%2f..%2fetc/passwd")).text.includes("root:"), false);
});

test("openPlatform: makes its signing key once, for itself alone", async () => {
  await using target = await openTestPlatform();
  const found = await stat(path.join(target.dataDir, "signing-key.pem"));
  assert.equal(found.mode & 0o777, 0o600);
});

test("signInCommand: names what is not usual, and no path to other machines", () => {
  const command = (env: { readonly [name: string]: string }) =>
    signInCommand(parseSettings(settingsTable, { env, args: [] }));
  const usual = "npx node platform/src/main.ts sign-in-link";
  assert.equal(command({}), usual);
  assert.equal(
    command({ OBSYK_DATA_DIR: "/data/it's here", OBSYK_CONSOLE_URL: "http://127.0.0.1:8123" }),
    `${usual} --data-dir '/data/it'\\''s here' --console-url http://127.0.0.1:8123`,
  );
  assert.equal(command({ OBSYK_DATA_DIR: "/data", OBSYK_CONSOLE_HOST: "0.0.0.0" }), usual);
});

test("findContradictions: names every mistake", () => {
  const parse = (env: { readonly [name: string]: string }) =>
    findContradictions(parseSettings(settingsTable, { env, args: [] })).join("\n");
  const certificate = { OBSYK_AGENT_CERT_FILE: "a", OBSYK_AGENT_KEY_FILE: "b" };
  assert.equal(parse(certificate), "");
  assert.match(parse({}), /OBSYK_AGENT_CERT_FILE/);
  assert.match(parse({ ...certificate, OBSYK_CONSOLE_HOST: "0.0.0.0" }), /other machines/);
  assert.match(parse({ ...certificate, OBSYK_CONSOLE_CERT_FILE: "c" }), /belong together/);
  assert.match(parse({ ...certificate, DATABASE_URL: "postgres://db" }), /OBSYK_SIGNING_KEY_FILE/);
  assert.match(parse({ ...certificate, OBSYK_AGENT_URL: "https://a/" }), /must be an origin/);
  assert.match(parse({ ...certificate, OBSYK_AGENT_URL: "http://a" }), /must begin with https/);
});

test("main: does not start in an environment that weakens TLS or loads code (TLS-3)", async () => {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const problemsOf = (extra: { readonly [name: string]: string }): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main], {
      // A contradiction among the settings ends the process when nothing is refused.
      env: { PATH: process.env["PATH"], OBSYK_CONSOLE_URL: "nowhere", ...extra },
      encoding: "utf8",
    });
    assert.equal(status, 2, stderr);
    assert.match(stdout + stderr, /OBSYK_CONSOLE_URL must be an origin/);
    return stdout + stderr;
  };
  assert.match(
    problemsOf({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }),
    /NODE_TLS_REJECT_UNAUTHORIZED in/,
  );
  assert.match(problemsOf({ NODE_OPTIONS: "--tls-min-v1.0" }), /NODE_OPTIONS in/);
  assert.match(problemsOf({ NODE_EXTRA_CA_CERTS: "/more.pem" }), /NODE_EXTRA_CA_CERTS in/);
  const replaced = { NODE_EXTRA_CA_CERTS: "/more.pem", OBSYK_OIDC_CA_FILE: "/ca.pem" };
  assert.doesNotMatch(problemsOf(replaced), /in the environment/);
});

test("openPlatform: two processes on one DATABASE_URL share sessions, clients and replay protection", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  await using postgres = await openTestServer(folder);
  const keyFile = path.join(folder, "signing-key");
  await writeFile(keyFile, generateSigningKey().privatePem, { mode: 0o600 });
  const { user, appUser, database, socketDir } = postgres;
  const urlAs = (login: string): string =>
    `postgres:///${database}?user=${login}&host=${encodeURIComponent(socketDir)}`;
  const env = {
    DATABASE_URL: urlAs(appUser),
    OBSYK_DATABASE_OWNER_URL: urlAs(user),
    OBSYK_SIGNING_KEY_FILE: keyFile,
    OBSYK_AGENT_URL: "https://agents.example",
    OBSYK_CONSOLE_URL: "https://console.example",
  };
  // Both start on an empty database at the same time.
  const [first, second] = await Promise.all([openTestPlatform({ env }), openTestPlatform({ env })]);
  await using one = first;
  await using two = second;
  const cookie = await signInOwner(one);
  assert.match(cookie, /^__Host-obsyk-session=/, "behind TLS the cookie is bound to its host");
  assert.equal((await callConsole(two, { path: "/api/v1/session", cookie })).status, 200);
  const client = await registerTestClient(one, { cookie, name: "shared" });
  const now = Math.floor(Date.now() / 1000);
  const assertion = await new SignJWT({
    iat: now,
    nbf: now,
    exp: now + 60,
    jti: "0123456789abcdef",
  })
    .setProtectedHeader({
      alg: "ES256",
      typ: "obs-client-assertion+jwt",
      kid: client.signingKey.publicKey.thumbprint,
    })
    .setIssuer(client.clientId)
    .setSubject(client.clientId)
    .setAudience("https://agents.example")
    .sign(client.signingKey.privateKey);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      callAgent(index % 2 === 0 ? one : two, {
        path: "/oauth/token",
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion,
        }).toString(),
      }),
    ),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  await using owner = new AsyncDisposableStack();
  const pool = owner.adopt(
    openPool({
      target: { kind: "url", url: urlAs(user) },
      maxConnections: 1,
      onConnectionLost: () => undefined,
    }),
    (own) => own.end(),
  );
  const { rows: orgs } = await pool.query("select from org");
  const { rows: people } = await pool.query("select from person");
  assert.deepEqual([orgs.length, people.length], [1, 1], "one first start");

  // A later process of the same version needs no owner; one that is the owner does not start.
  const { OBSYK_DATABASE_OWNER_URL: _owner, ...appOnly } = env;
  await using three = await openTestPlatform({ env: appOnly });
  assert.equal((await callConsole(three, { path: "/api/v1/session", cookie })).status, 200);
  await assert.rejects(openTestPlatform({ env: { ...env, DATABASE_URL: urlAs(user) } }), {
    code: "DATABASE_ROLE",
    message: /logs in as obsyk, which is a superuser.*OBSYK_DATABASE_OWNER_URL/,
  });
});

test("session: names the operators' address, and of the CA file the certificates alone (I5)", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "obsyk-ca-"));
  try {
    const { cert, key } = createTestCertificate();
    const file = path.join(folder, "ca.pem");
    await writeFile(file, `${key}${cert}`, { mode: 0o600 });
    await using target = await openTestPlatform({ env: { OBSYK_AGENT_CA_FILE: file } });
    const cookie = await signInOwner(target);
    const session = membersOf(await callConsole(target, { path: "/api/v1/session", cookie }));
    assert.equal(session["agentUrl"], target.platform.agentUrl);
    assert.equal(session["agentCa"], new X509Certificate(cert).toString());
    await writeFile(file, key);
    await assert.rejects(openTestPlatform({ env: { OBSYK_AGENT_CA_FILE: file } }), {
      code: "CERTIFICATE_FILE",
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
