/**
 * One table per process gives its parser, its `--help`, its reference page and its chart values. All mistakes are
 * reported together, with exit code 2.
 *
 * @module
 */

type Common = {
  /** Environment variable. */
  readonly env: string;
  /** Command line flag without dashes. */
  readonly flag: string;
  /** One sentence for help text and reference page. */
  readonly doc: string;
};
export type Setting = Common &
  (
    | { readonly type: "string"; readonly default?: string; readonly choices?: readonly string[] }
    | {
        readonly type: "integer";
        readonly default?: number;
        readonly min: number;
        readonly max: number;
      }
    | { readonly type: "boolean"; readonly default: boolean }
    | { readonly type: "list"; readonly default: readonly string[] }
  );

export type SettingsTable = { readonly [name: string]: Setting };

type ValueOf<S extends Setting> = S extends { type: "integer" }
  ? S extends { default: number }
    ? number
    : number | undefined
  : S extends { type: "boolean" }
    ? boolean
    : S extends { type: "list" }
      ? readonly string[]
      : S extends { default: string }
        ? string
        : string | undefined;
export type SettingsOf<T extends SettingsTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly exitCode = 2;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Settings are wrong:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

/**
 * Reads the table from flags first, then environment, then defaults.
 *
 * @param findMore mistakes that no single setting shows; it sees values that are refused as well
 * @throws {SettingsError} that names every mistake.
 */
export function parseSettings<const T extends SettingsTable>(
  table: T,
  source: {
    readonly env: { readonly [name: string]: string | undefined };
    readonly args: readonly string[];
  },
  findMore: (values: SettingsOf<T>) => readonly string[] = () => [],
): SettingsOf<T> {
  const problems: string[] = [];
  const flags = readFlags(table, source.args, problems);
  const values: { [name: string]: unknown } = {};
  for (const [name, setting] of Object.entries(table)) {
    const fromFlag = flags.get(setting.flag);
    const text = fromFlag ?? (source.env[setting.env] === "" ? undefined : source.env[setting.env]);
    const origin = fromFlag === undefined ? setting.env : `--${setting.flag}`;
    values[name] =
      text === undefined ? setting.default : parseValue(setting, text, origin, problems);
  }
  // The loop above fills every key of the table with a value of its setting's type.
  const settings = Object.freeze(values) as SettingsOf<T>;
  problems.push(...findMore(settings));
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

function readFlags(
  table: SettingsTable,
  args: readonly string[],
  problems: string[],
): Map<string, string> {
  const known = new Map(Object.values(table).map((setting) => [setting.flag, setting]));
  const flags = new Map<string, string>();
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    const [, flag, inline] = /^--([a-z0-9-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const setting = flag === undefined ? undefined : known.get(flag);
    if (flag === undefined || setting === undefined) {
      problems.push(`unknown argument ${JSON.stringify(arg.slice(0, 64))}`);
    } else if (inline !== undefined) {
      flags.set(flag, inline);
    } else if (setting.type === "boolean") {
      flags.set(flag, "true");
    } else {
      index += 1;
      const value = args[index];
      if (value === undefined) problems.push(`--${flag} needs a value`);
      else flags.set(flag, value);
    }
  }
  return flags;
}

function parseValue(setting: Setting, text: string, origin: string, problems: string[]): unknown {
  switch (setting.type) {
    case "string":
      if (setting.choices !== undefined && !setting.choices.includes(text)) {
        problems.push(`${origin} must be one of ${setting.choices.join(", ")}`);
      }
      return text;
    case "integer": {
      const value = Number(text);
      if (!Number.isSafeInteger(value) || value < setting.min || value > setting.max) {
        problems.push(`${origin} must be a whole number from ${setting.min} to ${setting.max}`);
      }
      return value;
    }
    case "boolean":
      if (text !== "true" && text !== "false") problems.push(`${origin} must be true or false`);
      return text === "true";
    case "list":
      return text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
  }
}

/** Help text: one line a setting, with its environment variable and default. */
export function describeSettings(table: SettingsTable): string {
  return Object.values(table)
    .map((setting) => {
      const fallback =
        setting.default === undefined ? "" : ` Default: ${String(setting.default) || "(empty)"}.`;
      return `  --${setting.flag}\n      ${setting.doc}${fallback} [${setting.env}]`;
    })
    .join("\n");
}
