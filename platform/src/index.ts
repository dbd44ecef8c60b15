/** The platform as tests and the demo start it. */
export { openPlatform, type Platform, type PlatformOptions } from "./app.ts";
export { settingsTable, type PlatformSettings } from "./settings.ts";
