/**
 * Preloaded into an operator: tables as an earlier version could have had them, with two fields fewer. Started again
 * without this module, the operator is upgraded.
 *
 * @module
 */
import { registerHooks } from "node:module";

const missing: readonly (readonly [string, string])[] = [
  ["contract/src/allow-list/kubernetes/core.ts", "  sessionAffinity: omitzero(7, string),\n"],
  ["contract/src/allow-list/kubernetes/pods.ts", "  dnsPolicy: omitzero(6, string),\n"],
];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const fields = missing.filter(([file]) => url.endsWith(`/${file}`)).map(([, field]) => field);
    if (fields.length === 0 || loaded.source === undefined || loaded.source === null) return loaded;
    let text =
      typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
    for (const field of fields) {
      if (!text.includes(field)) throw new Error(`${url} lacks ${field.trim()}`);
      text = text.replace(field, "");
    }
    return { ...loaded, source: text };
  },
});
