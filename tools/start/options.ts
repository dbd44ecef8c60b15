/** What `npm start` can be told. */
import { parseArgs } from "node:util";

export type StartOptions = {
  readonly dataDir: string;
  readonly port: number;
  readonly postgres: string | undefined;
} & (
  | { readonly kind: "simulated"; readonly objects: number }
  | { readonly kind: "real"; readonly kubeconfig: string; readonly context: string | undefined }
);

export const help = `npm start [-- OPTIONS]

Starts Obsyk on this machine with everything it needs: PostgreSQL, platform, console and an operator for each of three
simulated clusters. Ends with Ctrl-C; the next start finds its data.

  --kubeconfig FILE  inventory this real cluster instead of simulated ones (needs list and watch rights only)
  --context NAME     context of that file; its current one when absent
  --size N           objects of the simulated clusters together, 6000 when absent; what is above that, as in 50k,
                     makes one of them large
  --port N           port of the console; 8080, or a free one when that is taken;
                     0: free ones for everything
  --data DIR         where data is kept; .obsyk
  --postgres WHICH   auto (default), system or package: where PostgreSQL's binaries come from
  --help             this text

DATABASE_URL and OBSYK_DATABASE_OWNER_URL name a PostgreSQL of yours to use instead (docs/operate/database.md).
`;

export class OptionError extends Error {
  override readonly name = "OptionError";
}

/** @throws {OptionError} that says which option is wrong; `undefined` when help was asked for */
export function parseOptions(args: readonly string[]): StartOptions | undefined {
  const values = readArgs(args);
  if (values.help === true) return undefined;
  const common = {
    dataDir: values.data ?? ".obsyk",
    port: wholeNumber("--port", values.port ?? "8080", 65_535),
    postgres: values.postgres,
  };
  if (values.kubeconfig === undefined) {
    if (values.context !== undefined) throw new OptionError("--context needs --kubeconfig FILE");
    const objects = wholeNumber("--size", (values.size ?? "6000").replace(/k$/i, "000"), 200_000);
    return { ...common, kind: "simulated", objects: Math.max(objects, 50) };
  }
  if (values.size !== undefined) {
    throw new OptionError("--size is for simulated clusters: leave it out with --kubeconfig");
  }
  return { ...common, kind: "real", kubeconfig: values.kubeconfig, context: values.context };
}

function readArgs(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        kubeconfig: text,
        context: text,
        size: text,
        port: text,
        data: text,
        postgres: text,
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, value: string, max: number): number {
  if (!/^\d{1,9}$/.test(value) || Number(value) > max) {
    throw new OptionError(`${option} must be a whole number up to ${max}`);
  }
  return Number(value);
}
