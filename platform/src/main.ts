/**
 * Starts the platform. `sign-in-link` as first argument prints a one-time sign-in URL for the owner instead.
 *
 * @module
 */
import {
  createLog,
  describeSettings,
  findRefusedVariables,
  parseSettings,
  Registry,
  runProcess,
  systemClock,
} from "@obsyk/runtime";
import { openPlatform, signInUrl, urlOf } from "./app.ts";
import { createSignInLink } from "./auth/sessions.ts";
import { createEvents } from "./events.ts";
import {
  findContradictions,
  postgresChoice,
  settingsTable,
  type PlatformSettings,
} from "./settings.ts";
import { openStore } from "./store/open-store.ts";
import { ensureFirstPerson } from "./tenancy/first-start.ts";

const clock = systemClock;
const { random } = Math;

await runProcess(async (signal) => {
  const [first = "", ...rest] = process.argv.slice(2);
  if (first === "--help") {
    process.stdout.write(`node main.ts [sign-in-link]\n${describeSettings(settingsTable)}\n`);
    return;
  }
  const isLink = first === "sign-in-link";
  const args = isLink ? rest : process.argv.slice(2);
  const { env } = process;
  const settings = parseSettings(settingsTable, { env, args }, (values) => [
    // A link is made without asking anyone whom an authority could vouch for.
    ...findRefusedVariables(env, { hasOwnAuthorities: isLink || values.oidcCaFile !== undefined }),
    ...(isLink ? [] : findContradictions(values)),
  ]);
  if (isLink) return printSignInLink(settings);
  await using _platform = await openPlatform({ settings, clock, random });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
});

async function printSignInLink(settings: PlatformSettings): Promise<void> {
  // Standard output carries the URL alone.
  const log = createLog({
    name: "obsyk-platform",
    level: "warn",
    destination: { write: (line) => void process.stderr.write(line) },
  });
  await using database = await openStore({
    databaseUrl: settings.databaseUrl,
    ownerUrl: settings.databaseOwnerUrl,
    dataDir: settings.dataDir,
    choice: postgresChoice(settings),
    clock,
    random,
    events: createEvents(log, new Registry()),
  });
  const token = await createSignInLink(database.db, clock, await ensureFirstPerson(database.db));
  const scheme = settings.consoleCertFile === undefined ? "http" : "https";
  const consoleUrl =
    settings.consoleUrl ?? urlOf(scheme, settings.consoleHost, settings.consolePort);
  process.stdout.write(`${signInUrl(consoleUrl, token)}\n`);
}
