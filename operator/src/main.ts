/** The operator's process. */
import { randomUUID } from "node:crypto";
import {
  createLog,
  describeSettings,
  runProcess,
  systemClock,
  type LogLevel,
} from "@obsyk/runtime";
import { runOperator } from "./app.ts";
import { readSettings, settingsTable } from "./settings.ts";

const args = process.argv.slice(2);
if (args.includes("--help")) {
  process.stdout.write(`Obsyk operator\n\n${describeSettings(settingsTable)}\n`);
} else {
  await runProcess(async (signal) => {
    const settings = readSettings({ env: process.env, args });
    // The table's choices allow nothing else.
    const log = createLog({ name: "operator", level: settings.logLevel as LogLevel });
    const instanceId = randomUUID();
    const random = () => Math.random();
    const options = { settings, env: process.env, log, clock: systemClock, random, instanceId };
    await runOperator(options, signal);
  });
}
