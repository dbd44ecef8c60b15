/** The platform as tests and the demo start it. */
export { openPlatform, type Platform, type PlatformOptions } from "./app.ts";
export { settingsTable, type PlatformSettings } from "./settings.ts";
/** Ingest without HTTP, for measurements against the same database. */
export { applyBatch, type ApplyContext, type Batch } from "./ingest/apply-batch.ts";
export { openSession, type SessionContext } from "./ingest/open-session.ts";
export { createScope, type OrgScope } from "./tenancy/scope.ts";
