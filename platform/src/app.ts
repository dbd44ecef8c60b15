/**
 * The platform process: database, listeners and the modules on them. The only file that knows all parts.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolveTxt } from "node:dns/promises";
import { maxBodyBytes } from "@obsyk/contract";
import {
  createLog,
  openObserveServer,
  Registry,
  SettingsError,
  type Clock,
  type LogLevel,
} from "@obsyk/runtime";
import { createAccessTokens } from "./auth/access-token.ts";
import { ClientDirectory } from "./auth/client-directory.ts";
import {
  createAuthenticatePerson,
  registerClientRoutes,
  registerSessionRoutes,
} from "./auth/console-routes.ts";
import { createSignInLink, purgeExpired } from "./auth/sessions.ts";
import { ensureSigningKey, readSigningKeyFile } from "./auth/signing-key-file.ts";
import { registerTokenEndpoint } from "./auth/token-endpoint.ts";
import { CertificateFileError } from "./errors.ts";
import { createEvents, type Events } from "./events.ts";
import { acceptJson, acceptLines } from "./http/body.ts";
import { createConsoleServer } from "./http/console-server.ts";
import type { Deps } from "./http/deps.ts";
import { guardRoutes } from "./http/route-guard.ts";
import { createListenerServer, listen, type HttpServer, type Tls } from "./http/server.ts";
import { registerIngest } from "./ingest/agent-routes.ts";
import { createPartitions } from "./ingest/partitions.ts";
import { registerQuery } from "./query/api-routes.ts";
import {
  findContradictions,
  isLoopbackHost,
  postgresChoice,
  signInCommand,
  type PlatformSettings,
} from "./settings.ts";
import type { Database } from "./store/database.ts";
import { openStore } from "./store/open-store.ts";
import { ensureFirstPerson } from "./tenancy/first-start.ts";
import { eraseMarked } from "./tenancy/orgs.ts";
import type { ResolveTxt } from "./tenancy/identity-providers.ts";
import { openIdOptions } from "./tenancy/oidc.ts";
import { registerOidc, type OidcRouteOptions } from "./tenancy/oidc-routes.ts";
import { registerOwn } from "./tenancy/own-routes.ts";
import { registerPeople, type PeopleOptions } from "./tenancy/people-routes.ts";

type Register = (server: HttpServer, deps: Deps) => void;

/** Modules of the listener for operators, and of the one for people. */
const agentModules: readonly Register[] = [registerIngest];
const consoleModules: readonly Register[] = [registerClientRoutes, registerQuery];

export type PlatformOptions = {
  readonly settings: PlatformSettings;
  readonly clock: Clock;
  readonly random: () => number;
  /** Asks for TXT records; the system's resolver when absent. */
  readonly resolveTxt?: ResolveTxt;
  /** Where log lines go; standard output when absent. */
  readonly logTo?: { write(line: string): void };
};

export type Platform = AsyncDisposable & {
  /** Origin for operators: issuer and audience of tokens. */
  readonly agentUrl: string;
  readonly consoleUrl: string;
  readonly observeUrl: string;
  /** Where this process listens, whatever origin a proxy before it has. */
  readonly ports: { readonly agent: number; readonly console: number; readonly observe: number };
  readonly database: Database;
  /** A URL that signs the owner in once, within 10 minutes. */
  createSignInUrl(): Promise<string>;
};

const maxAgentConnections = 5000;

/**
 * Brings the platform up; it answers when this returns.
 *
 * @throws {SettingsError} for settings that contradict each other, and each part's own errors.
 */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { settings, clock } = options;
  const problems = findContradictions(settings);
  if (problems.length > 0) throw new SettingsError(problems);
  await using stack = new AsyncDisposableStack();
  const { events, registry } = createObservers(options);
  const database = stack.use(await openPlatformStore(options, events));
  await ensureFirstPerson(database.db);
  const stopping = new AbortController();
  const housekeeping = keepHouse(database, { clock, events, signal: stopping.signal });
  stack.defer(() => housekeeping.ended);
  // Runs before what was deferred earlier: listeners close first, then waits end.
  stack.defer(() => stopping.abort(new Error("the platform stops")));
  const parts = { database, events, stopping: stopping.signal };
  const { agentUrl, consoleUrl, ports } = await openListeners(options, parts, stack);
  const observe = stack.use(
    await openObserveServer(
      { registry, isReady: housekeeping.isReady },
      { host: settings.observeHost, port: settings.observePort },
    ),
  );
  const observeUrl = urlOf("http", settings.observeHost, observe.port);
  events.listening({ agent: agentUrl, console: consoleUrl, observe: observeUrl });
  const kept = stack.move();
  return {
    agentUrl,
    consoleUrl,
    observeUrl,
    ports: { ...ports, observe: observe.port },
    database,
    createSignInUrl: async () =>
      signInUrl(
        consoleUrl,
        await createSignInLink(database.db, clock, await ensureFirstPerson(database.db)),
      ),
    async [Symbol.asyncDispose]() {
      events.stopping();
      stopping.abort(new Error("the platform stops"));
      await kept.disposeAsync();
    },
  };
}

function createObservers({ settings, logTo }: PlatformOptions): {
  readonly events: Events;
  readonly registry: Registry;
} {
  const registry = new Registry();
  const log = createLog({
    name: "obsyk-platform",
    // The parser holds the value to the table's choices.
    level: settings.logLevel as LogLevel,
    ...(logTo === undefined ? {} : { destination: logTo }),
  });
  return { events: createEvents(log, registry), registry };
}

async function openPlatformStore(options: PlatformOptions, events: Events): Promise<Database> {
  const { settings, clock, random } = options;
  await using stack = new AsyncDisposableStack();
  const database = stack.use(
    await openStore({
      databaseUrl: settings.databaseUrl,
      ownerUrl: settings.databaseOwnerUrl,
      dataDir: settings.dataDir,
      choice: postgresChoice(settings),
      clock,
      random,
      events,
    }),
  );
  await createPartitions(database.db, clock.now()).catch((error: unknown) =>
    // Rows of a month without a partition go to the default one: nothing is lost.
    events.partitionsFailed({ error }),
  );
  stack.move();
  return database;
}

type Parts = Pick<Deps, "database" | "events" | "stopping">;
type Listeners = {
  readonly agentUrl: string;
  readonly consoleUrl: string;
  readonly ports: { readonly agent: number; readonly console: number };
};

/** Opens both listeners; the stack closes them. */
async function openListeners(
  options: PlatformOptions,
  parts: Parts,
  stack: AsyncDisposableStack,
): Promise<Listeners> {
  const { settings } = options;
  // A listener's port may be known only once it listens; whoever asks earlier gets what is configured.
  const urls = { agent: settings.agentUrl, console: settings.consoleUrl };
  const { agentTls, agentCa, issuerCa, consoleTls, signingKey } = await readFiles(settings);
  const isSecure = consoleTls !== undefined || settings.consoleUrl?.startsWith("https:") === true;
  const { database, events } = parts;
  const { clock, random } = options;
  const issuer = (): string => urls.agent ?? "";
  const directory = new ClientDirectory(database.db, clock);
  const tokens = createAccessTokens({ signingKey, issuer, directory, clock, events });
  const people = await createConsoleServer({
    tls: consoleTls,
    origins: () => originsOf(urls.console ?? ""),
    isSecure,
    consoleDir: settings.consoleDir,
    signInCommand: signInCommand(settings),
    events,
  });
  stack.defer(() => people.close());
  const authenticatePerson = guardRoutes(
    people,
    createAuthenticatePerson({ database, clock }, { isSecure }),
  );
  const deps: Deps = {
    ...parts,
    clock,
    random,
    authenticateAgent: (request) => tokens.authenticate(request),
    authenticatePerson,
  };
  const agent = createAgentServer(agentTls, events);
  stack.defer(() => agent.close());
  const endpoint = { db: database.db, issuer, tokens, clock, events };
  registerTokenEndpoint(agent, {
    ...endpoint,
    requestsPerMinute: settings.tokenRequestsPerMinute,
    clientRequestsPerMinute: settings.clientTokenRequestsPerMinute,
  });
  for (const register of agentModules) register(agent, deps);
  registerConsole(people, deps, {
    isSecure,
    agentAddress: () => ({ url: issuer(), ca: agentCa }),
    consoleUrl: () => urls.console ?? "",
    resolveTxt: options.resolveTxt ?? resolveTxt,
    oidc: openIdOptions(settings, issuerCa, () => urls.console ?? ""),
  });
  const { agentHost, consoleHost } = settings;
  const boundAgent = await listen(agent, { host: agentHost, port: settings.agentPort });
  urls.agent ??= urlOf("https", agentHost, boundAgent);
  const boundConsole = await listen(people, { host: consoleHost, port: settings.consolePort });
  urls.console ??= urlOf(consoleTls === undefined ? "http" : "https", consoleHost, boundConsole);
  const ports = { agent: boundAgent, console: boundConsole };
  return { agentUrl: urls.agent, consoleUrl: urls.console, ports };
}

async function readFiles(settings: PlatformSettings) {
  return {
    agentTls: await readTls(settings.agentCertFile, settings.agentKeyFile),
    agentCa: await readCertificates(settings.agentCaFile),
    issuerCa: await readCertificates(settings.oidcCaFile),
    consoleTls: await readTls(settings.consoleCertFile, settings.consoleKeyFile),
    signingKey: await (settings.signingKeyFile === undefined
      ? ensureSigningKey(settings.dataDir)
      : readSigningKeyFile(settings.signingKeyFile)),
  };
}

function registerConsole(
  server: HttpServer,
  deps: Deps,
  options: PeopleOptions & OidcRouteOptions,
): void {
  registerSessionRoutes(server, deps, options);
  registerPeople(server, deps, options);
  registerOwn(server, deps, options);
  registerOidc(server, deps, options);
  for (const register of consoleModules) register(server, deps);
}

function createAgentServer(tls: Tls | undefined, events: Events): HttpServer {
  const server = createListenerServer({
    listener: "agent",
    tls,
    bodyBytes: maxBodyBytes,
    maxConnections: maxAgentConnections,
    events,
  });
  const limits = { bodyBytes: maxBodyBytes, inflatedBytes: maxBodyBytes };
  acceptLines(server, limits);
  acceptJson(server, limits);
  server.addHook("onRequest", (_, reply, done) => {
    void reply.headers({
      "strict-transport-security": "max-age=63072000",
      "x-content-type-options": "nosniff",
    });
    done();
  });
  return server;
}

async function readTls(
  cert: string | undefined,
  key: string | undefined,
): Promise<Tls | undefined> {
  if (cert === undefined || key === undefined) return undefined;
  try {
    return { cert: await readFile(cert), key: await readFile(key) };
  } catch (error) {
    throw new CertificateFileError(`The certificate ${cert} or its key cannot be read`, {
      cause: error,
    });
  }
}

/**
 * The certificates of a file and nothing else that may stand there: they are shown to people.
 *
 * @throws {CertificateFileError}
 */
async function readCertificates(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    const text = await readFile(file, "utf8");
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) throw new Error("it holds no certificate");
    return blocks.map((block) => new X509Certificate(block).toString()).join("");
  } catch (error) {
    throw new CertificateFileError(`The certificates ${file} cannot be read`, { cause: error });
  }
}

/** On loopback, a browser may use any of its names. */
function originsOf(consoleUrl: string): readonly string[] {
  const url = new URL(consoleUrl);
  if (!isLoopbackHost(url.hostname.replaceAll(/[[\]]/g, ""))) return [consoleUrl];
  return ["127.0.0.1", "localhost", "[::1]"].map((host) => {
    const own = new URL(url);
    own.hostname = host;
    return own.origin;
  });
}

export function urlOf(scheme: "http" | "https", host: string, port: number): string {
  return new URL(`${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`).origin;
}

export function signInUrl(consoleUrl: string, token: string): string {
  return `${consoleUrl}/sign-in?token=${token}`;
}

const probeMs = 2000;
const purgeMs = 60_000;

type Housekeeping = {
  readonly isReady: () => { readonly ready: boolean; readonly reason?: string };
  readonly ended: Promise<void>;
};

/** Asks the database every 2 s whether it answers, and forgets what is over every minute. */
function keepHouse(
  database: Database,
  { clock, events, signal }: { clock: Clock; events: Events; signal: AbortSignal },
): Housekeeping {
  let isAnswering = true;
  let purgedAtMs = clock.monotonic();
  const probe = async (): Promise<void> => {
    try {
      await database.db.probe();
      if (!isAnswering) events.databaseAnswers();
      isAnswering = true;
    } catch (error) {
      if (isAnswering) events.databaseSilent({ error });
      isAnswering = false;
    }
  };
  const purge = async (): Promise<void> => {
    if (!isAnswering || clock.monotonic() - purgedAtMs < purgeMs) return;
    purgedAtMs = clock.monotonic();
    try {
      await purgeExpired(database.db, clock);
      await eraseMarked(database.db, signal);
    } catch (error) {
      events.purgeFailed({ error });
    }
    try {
      await createPartitions(database.db, clock.now());
    } catch (error) {
      events.partitionsFailed({ error });
    }
  };
  events.databaseAnswers();
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      // An abort ends the wait and the loop.
      await clock.sleep(probeMs, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await probe();
      await purge();
    }
  };
  return {
    isReady: () =>
      isAnswering ? { ready: true } : { ready: false, reason: "the database does not answer" },
    ended: run(),
  };
}
