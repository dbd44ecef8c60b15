/**
 * Changes as they happen: the platform's server-sent events (WHATWG HTML §9.2).
 *
 * @module
 */
import { apiPaths, liveEventSchema, type LiveEvent } from "@obsyk/contract";
import { backoffMs } from "@obsyk/runtime";
import { CliError } from "../errors.ts";
import type { Host } from "../host.ts";
import { refusal, type ApiClient } from "./client.ts";

const backoff = { firstMs: 500, maxMs: 15_000 };
/** One event is a few hundred bytes. */
const maxLineChars = 1024 * 1024;

/**
 * Calls `onChange` with each event, and with nothing after every connection: something may have been missed.
 *
 * @throws the signal's reason when it aborts; {CliError} when the platform refuses
 */
export async function followChanges(
  client: ApiClient,
  host: Pick<Host, "clock" | "random" | "signal">,
  onChange: (event: LiveEvent | undefined) => Promise<void>,
): Promise<never> {
  const { clock, random, signal } = host;
  for (let failures = 1; ; failures += 1) {
    try {
      await followOnce(client, signal, async (event) => {
        failures = 0;
        await onChange(event);
      });
    } catch (error) {
      signal.throwIfAborted();
      const isForGood = error instanceof CliError && error.code !== "UNREACHABLE";
      if (isForGood && error.code !== "UNAVAILABLE") throw error;
    }
    await clock.sleep(backoffMs(failures, random, backoff), { signal });
  }
}

async function followOnce(
  client: ApiClient,
  signal: AbortSignal,
  onChange: (event: LiveEvent | undefined) => Promise<void>,
): Promise<void> {
  const response = await client.open({ path: apiPaths.live }, signal);
  try {
    if (response.statusCode !== 200) {
      const { statusCode = 0, headers } = response;
      throw refusal(client.origin, { status: statusCode, headers, body: Buffer.alloc(0) });
    }
    await onChange(undefined);
    let text = "";
    for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
      const lines = (text + chunk).split("\n");
      text = lines.pop() ?? "";
      if (text.length > maxLineChars) throw new Error("a line without end");
      for (const line of lines) {
        const event = parseEvent(line);
        if (event !== undefined) await onChange(event);
      }
    }
  } finally {
    response.destroy();
  }
}

/** Comments, ids and retry hints are passed over. */
function parseEvent(line: string): LiveEvent | undefined {
  if (!line.startsWith("data:")) return undefined;
  try {
    return liveEventSchema.safeParse(JSON.parse(line.slice("data:".length))).data;
  } catch {
    return undefined;
  }
}
