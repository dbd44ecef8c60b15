/**
 * The scope file: what people change while the operator runs. In a cluster it is a mounted ConfigMap, which the kubelet
 * replaces as a whole.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { scopeFileSchema, type ScopeFile } from "@obsyk/contract";
import type { Clock } from "@obsyk/runtime";
import { OperatorSettingError } from "./errors.ts";

/** The kubelet itself needs about a minute to bring a new ConfigMap. */
const lookEveryMs = 2_000;
const maxFileBytes = 256 * 1024;

/** @throws {OperatorSettingError} when it cannot be read or says something that does not exist. */
export async function readScopeFile(path: string): Promise<ScopeFile> {
  const { text, problem } = await readText(path);
  if (text === undefined) throw refusal(path, problem);
  return parseScopeFile(path, text);
}

/**
 * Looks for changes until the signal aborts. A file that is wrong or gone changes nothing, and is told once.
 *
 * @param heard.changed may throw to refuse
 */
export async function watchScopeFile(
  path: string,
  heard: {
    readonly clock: Clock;
    readonly changed: (file: ScopeFile) => void;
    readonly refused: (error: unknown) => void;
  },
  signal: AbortSignal,
): Promise<void> {
  for (let last: string | undefined; !signal.aborted;) {
    const { text, problem } = await readText(path);
    const found = text ?? problem;
    if (found !== last) {
      last = found;
      try {
        if (text === undefined) throw refusal(path, problem);
        heard.changed(await parseScopeFile(path, text));
      } catch (error) {
        heard.refused(error);
      }
    }
    // The signal alone ends the sleep, and with it the loop.
    await heard.clock.sleep(lookEveryMs, { signal }).catch(() => {});
  }
}

async function readText(
  path: string,
): Promise<{ readonly text?: string; readonly problem: string }> {
  try {
    const content = await readFile(path);
    if (content.length > maxFileBytes) return { problem: `is larger than ${maxFileBytes} bytes` };
    return { text: content.toString("utf8"), problem: "" };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return { problem: `cannot be read (${code})` };
  }
}

async function parseScopeFile(path: string, text: string): Promise<ScopeFile> {
  // Only who has such a file pays for the parser.
  const { parse } = await import("yaml");
  let content: unknown;
  try {
    content = parse(text, { maxAliasCount: 0 });
  } catch {
    throw refusal(path, "is no YAML");
  }
  const parsed = scopeFileSchema.safeParse(content ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path: at, message }) => `${at.join(".")} ${message}`);
  throw refusal(path, `is wrong: ${problems.slice(0, 5).join("; ").slice(0, 500)}`);
}

function refusal(path: string, problem: string): OperatorSettingError {
  return new OperatorSettingError(`the scope file ${path} ${problem}`);
}
