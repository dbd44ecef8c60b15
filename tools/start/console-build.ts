/** The built console: made anew when a source is newer than it. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Children } from "./children.ts";

const dist = "console/dist";
const sources = [
  "console/src",
  "console/public",
  "console/index.html",
  "console/vite.config.ts",
  "contract/src",
];

function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

export function isConsoleFresh(): boolean {
  const page = join(dist, "index.html");
  return existsSync(page) && statSync(page).mtimeMs >= Math.max(...sources.map(newest));
}

/** @returns the folder of the built console */
export async function buildConsole(children: Children, signal: AbortSignal): Promise<string> {
  if (!isConsoleFresh()) {
    const args = ["node_modules/vite/bin/vite.js", "build", "console"];
    await children.run({ name: "console build", args, env: { NODE_ENV: "production" } }, signal);
  }
  return dist;
}
