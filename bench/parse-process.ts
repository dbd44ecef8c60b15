/**
 * The naive client that our reader is compared with: `fetch`, `JSON.parse`, project, page by page. Arguments: URL and
 * token of an API server. Tells its parent the CPU it took from the first request to the last record.
 *
 * @module
 */
import { canonicalize } from "@obsyk/contract";
import { findResource, recordOf } from "@obsyk/contract/allow-list";

export type Parsed = { readonly cpuMs: number; readonly pods: number; readonly bytes: number };

async function parsePods(url: string, token: string): Promise<Parsed> {
  const definition = findResource("pods");
  if (definition === undefined) throw new Error("there is no resource pods");
  const started = process.cpuUsage();
  let pods = 0;
  let bytes = 0;
  let next = "";
  do {
    const page = `${url}/api/v1/pods?limit=500${next === "" ? "" : `&continue=${next}`}`;
    const response = await fetch(page, {
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    });
    const list = (await response.json()) as {
      readonly metadata: { readonly continue?: string };
      readonly items: readonly object[];
    };
    for (const item of list.items) {
      bytes += canonicalize(recordOf(definition, item, { mode: "full" })).length;
      pods += 1;
    }
    next = list.metadata.continue ?? "";
  } while (next !== "");
  const { user, system } = process.cpuUsage(started);
  return { cpuMs: (user + system) / 1000, pods, bytes };
}

const [, , url = "", token = ""] = process.argv;
process.send?.(await parsePods(url, token));
