/** Everything the platform says about itself: one function per event, which writes its log line and its metric. */
import { Counter, Gauge, Histogram, type Log, type Registry } from "@obsyk/runtime";

export type Events = ReturnType<typeof createEvents>;

export function createEvents(log: Log, registry: Registry) {
  return {
    ...storeEvents(log, registry),
    ...httpEvents(log, registry),
    ...authEvents(log, registry),
    ...tenancyEvents(log),
    ...ingestEvents(log, registry),
  };
}

function storeEvents(log: Log, registry: Registry) {
  const starts = new Counter({
    name: "obsyk_postgres_starts_total",
    help: "Starts of the embedded PostgreSQL",
    registers: [registry],
  });
  const up = new Gauge({
    name: "obsyk_database_up",
    help: "1 while the database answers",
    registers: [registry],
  });
  return {
    postgresStarted: (fields: { binaries: string; elapsedMs: number; adopted: boolean }): void => {
      starts.inc();
      log.write("info", "postgres.started", fields);
    },
    postgresEnded: (fields: { said: string }): void => log.write("warn", "postgres.ended", fields),
    postgresStartFailed: (fields: { error: unknown }): void =>
      log.write("error", "postgres.start-failed", fields),
    postgresLine: (fields: { line: string }): void => log.write("debug", "postgres.said", fields),
    connectionLost: (fields: { error: unknown }): void =>
      log.write("warn", "database.connection-lost", fields),
    databaseAnswers: (): void => up.set(1),
    databaseSilent: (fields: { error: unknown }): void => {
      up.set(0);
      log.write("warn", "database.silent", fields);
    },
    migrated: (fields: { names: readonly string[] }): void =>
      log.write("info", "database.migrated", fields),
    purgeFailed: (fields: { error: unknown }): void =>
      log.write("warn", "database.purge-failed", fields),
  };
}

function httpEvents(log: Log, registry: Registry) {
  const requests = new Histogram({
    name: "obsyk_http_request_duration_seconds",
    help: "Time until a request was answered",
    labelNames: ["listener", "route", "status"],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 1, 5, 30],
    registers: [registry],
  });
  return {
    listening: (fields: { agent: string; console: string; observe: string }): void =>
      log.write("info", "platform.listening", fields),
    stopping: (): void => log.write("info", "platform.stopping"),
    requestFailed: (fields: {
      listener: string;
      route: string;
      requestId: string;
      error: unknown;
    }): void => log.write("error", "request.failed", fields),
    requestAnswered: (fields: {
      listener: string;
      route: string;
      status: number;
      elapsedMs: number;
    }): void => {
      const { listener, route, status } = fields;
      requests.observe({ listener, route, status: String(status) }, fields.elapsedMs / 1000);
    },
  };
}

function authEvents(log: Log, registry: Registry) {
  const tokens = new Counter({
    name: "obsyk_token_requests_total",
    help: "Token requests, by the check that refused them or `issued`",
    labelNames: ["outcome"],
    registers: [registry],
  });
  const signatures = new Counter({
    name: "obsyk_assertion_signatures_verified_total",
    help: "Signatures of assertions that were verified, right or wrong",
    registers: [registry],
  });
  return {
    signatureVerified: (): void => signatures.inc(),
    tokenIssued: (fields: { clientId: string }): void => {
      tokens.inc({ outcome: "issued" });
      log.write("info", "token.issued", fields);
    },
    /** `clientId` only once the signature proved it: before that it is anybody's text. */
    tokenRefused: (fields: { check: string; clientId?: string; requestId: string }): void => {
      tokens.inc({ outcome: fields.check });
      log.write("warn", "token.refused", fields);
    },
    accessRefused: (fields: { check: string; requestId: string }): void =>
      log.write("info", "access.refused", fields),
    clientRegistered: (fields: { clientId: string; personId: string }): void =>
      log.write("info", "client.registered", fields),
    clientDisabled: (fields: { clientId: string; personId: string }): void =>
      log.write("info", "client.disabled", fields),
    privateKeyReceived: (fields: { personId: string; requestId: string }): void =>
      log.write("warn", "client.private-key-received", fields),
    signedIn: (fields: { personId: string }): void => log.write("info", "person.signed-in", fields),
    signInRefused: (fields: { requestId: string }): void =>
      log.write("warn", "person.sign-in-refused", fields),
    signedOut: (fields: { personId: string }): void =>
      log.write("info", "person.signed-out", fields),
  };
}

/** Changes of who may do what. None carries a name, a link or a token. */
function tenancyEvents(log: Log) {
  return {
    personInvited: (fields: { invitationId: string; byId: string }): void =>
      log.write("info", "person.invited", fields),
    personJoined: (fields: { personId: string }): void =>
      log.write("info", "person.joined", fields),
    personChanged: (fields: { personId: string; byId: string; role: string }): void =>
      log.write("info", "person.changed", fields),
    personRemoved: (fields: { personId: string; byId: string }): void =>
      log.write("info", "person.removed", fields),
    signInLinkMade: (fields: { personId: string; byId: string }): void =>
      log.write("info", "person.sign-in-link-made", fields),
    apiTokenMade: (fields: { tokenId: string; personId: string }): void =>
      log.write("info", "api-token.made", fields),
    apiTokenRevoked: (fields: { tokenId: string; personId: string }): void =>
      log.write("info", "api-token.revoked", fields),
    identityProviderChanged: (fields: {
      providerId: string;
      personId: string;
      what: string;
    }): void => log.write("info", "identity-provider.changed", fields),
    /** `reason` is one of our own sentences or a code. */
    providerSignInRefused: (fields: { requestId: string; reason: string }): void =>
      log.write("warn", "identity-provider.sign-in-refused", fields),
    orgMade: (fields: { orgId: string; personId: string }): void =>
      log.write("info", "org.made", fields),
    orgErased: (fields: { orgId: string; personId: string }): void =>
      log.write("warn", "org.erased", fields),
  };
}

function ingestEvents(log: Log, registry: Registry) {
  const batches = new Counter({
    name: "obsyk_batches_applied_total",
    help: "Batches acknowledged, repeated ones too",
    registers: [registry],
  });
  const bytes = new Counter({
    name: "obsyk_batch_bytes_total",
    help: "Bytes of applied batches, inflated",
    registers: [registry],
  });
  const changes = new Counter({
    name: "obsyk_objects_changed_total",
    help: "Objects added, changed or gone",
    registers: [registry],
  });
  const notStored = new Counter({
    name: "obsyk_lines_not_stored_total",
    help: "Lines that became a stub or were ignored",
    registers: [registry],
  });
  const live = new Gauge({
    name: "obsyk_live_clients",
    help: "Open event streams of the read API",
    registers: [registry],
  });
  return {
    sessionAnswered: (fields: { clusterId: string; status: string; epoch?: number }): void =>
      log.write("info", "session.answered", fields),
    batchApplied: (fields: {
      clusterId: string;
      sequence: number;
      bodyBytes: number;
      changed: number;
      notStored: number;
    }): void => {
      batches.inc();
      bytes.inc(fields.bodyBytes);
      changes.inc(fields.changed);
      notStored.inc(fields.notStored);
      log.write(fields.notStored > 0 ? "warn" : "debug", "batch.applied", fields);
    },
    liveClients: (count: number): void => live.set(count),
    listenFailed: (fields: { error: unknown }): void =>
      log.write("warn", "live.listen-failed", fields),
    partitionsFailed: (fields: { error: unknown }): void =>
      log.write("warn", "store.partitions-failed", fields),
  };
}
