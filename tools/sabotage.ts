/**
 * Preloaded into a proof's processes by `npm run proof -- --sabotage`: changes source text while it loads, as the
 * environment's OBSYK_SABOTAGE says. The product knows nothing of it.
 *
 * @module
 */
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Saboteur } from "./proofs.ts";

const patches = JSON.parse(process.env["OBSYK_SABOTAGE"] ?? "[]") as Saboteur["patches"];
const root = fileURLToPath(new URL("../", import.meta.url));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith("file:") || loaded.source === undefined) return loaded;
    const file = fileURLToPath(url);
    const fitting = patches.filter((patch) => file === `${root}${patch.file}`);
    if (fitting.length === 0) return loaded;
    let text =
      typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
    for (const { find, replace } of fitting) {
      if (!text.includes(find)) throw new Error(`SABOTEUR IS STALE: ${file} lacks ${find}`);
      text = text.replaceAll(find, () => replace);
    }
    return { ...loaded, source: text };
  },
});
