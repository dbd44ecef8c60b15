/** What crosses a wire: the agent protocol, the API, problems, limits and streams. The tables are in `./allow-list`. */
export * from "./agent.ts";
export * from "./api.ts";
export { canonicalize } from "./canonical.ts";
export * from "./identity-providers.ts";
export type { Json, JsonObject } from "./json.ts";
export { limits } from "./limits.ts";
export * from "./people.ts";
export * from "./problem.ts";
export { product } from "./product.ts";
export * from "./scope.ts";
export { formatStream, modes, parseStream, type Mode, type Stream } from "./stream.ts";
