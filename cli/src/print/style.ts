import type { Host } from "../host.ts";

/** Whether results may carry colours: a person reads them, and has not asked for none (no-color.org). */
export function wantsColour({ out, env }: Pick<Host, "out" | "env">): boolean {
  return out.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}
