/**
 * The stack's database as its owner, which no policy binds: to fill it with more than an operator could send in the
 * time, and for references.
 *
 * @module
 */
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { Stack } from "./stack.ts";

type Login = "obsyk" | "obsyk_app";

export async function openClient(stack: Stack, user: Login): Promise<pg.Client> {
  const host = join(stack.folder, "platform", "run");
  const client = new pg.Client({ host, user, database: "obsyk" });
  await client.connect();
  return client;
}

/** One line of COPY's text format. */
export function copyLine(columns: readonly string[]): string {
  return columns
    .map((column) =>
      column
        .replaceAll("\\", String.raw`\\`)
        .replaceAll("\t", String.raw`\t`)
        .replaceAll("\n", String.raw`\n`),
    )
    .join("\t");
}

/**
 * COPY from a file, read by the server itself.
 *
 * @param target table, with columns or without
 * @returns seconds that COPY took
 */
export async function copyInto(
  owner: pg.Client,
  options: {
    readonly stack: Stack;
    readonly target: string;
    readonly lines: readonly string[];
  },
): Promise<number> {
  const file = join(options.stack.folder, "bench.copy");
  writeFileSync(file, `${options.lines.join("\n")}\n`);
  // The server runs as another user when we are root.
  chmodSync(file, 0o644);
  try {
    const started = performance.now();
    await owner.query(`copy ${options.target} from ${pg.escapeLiteral(file)}`);
    return (performance.now() - started) / 1000;
  } finally {
    rmSync(file);
  }
}
