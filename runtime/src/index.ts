/** What every Node process of ours needs: time, settings, logs, metrics, TLS, hashes, life and death. */
export * from "./backoff.ts";
export { systemClock, type Clock } from "./clock.ts";
export * from "./hash.ts";
export { runProcess } from "./lifecycle.ts";
export { createLog, type Fields, type Log, type LogLevel } from "./log.ts";
export * from "./metrics.ts";
export { requestHttp } from "./node-http.ts";
export { openObserveServer, type Observed, type ObserveServer } from "./observe.ts";
export { findRefusedVariables } from "./refused-variables.ts";
export { Secret } from "./secret.ts";
export * from "./settings.ts";
export * from "./tls.ts";
export * from "./signing-key.ts";
