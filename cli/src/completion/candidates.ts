/**
 * What may stand at the end of a command line, from the command tree itself, and from the platform where names of
 * clusters and objects are wanted.
 *
 * @module
 */
import type { Command, Option } from "commander";
import { namesOf } from "../resources/names.ts";
import { resources } from "@obsyk/contract/allow-list";
import { completionScripts } from "./scripts.ts";

export type Candidate = { readonly value: string; readonly description?: string };

/** Names that only the platform, or the configuration, knows. */
export type Lookup = {
  readonly clusters: () => Promise<readonly string[]>;
  readonly contexts: () => Promise<readonly string[]>;
  readonly namespaces: (given: Given) => Promise<readonly string[]>;
  readonly objects: (resource: string, given: Given) => Promise<readonly string[]>;
};

/** Values of options that were typed before, by long flag. */
export type Given = ReadonlyMap<string, string>;

type Line = {
  readonly command: Command;
  readonly positional: readonly string[];
  readonly given: Given;
  /** The option whose value is being typed. */
  readonly option: Option | undefined;
  readonly current: string;
};

const formats = ["json", "yaml", "wide", "name", "jsonpath="];

/** @param words what follows `obsyk`; the last one is being typed and may be empty */
export async function findCandidates(
  program: Command,
  words: readonly string[],
  lookup: Lookup,
): Promise<readonly Candidate[]> {
  const line = readLine(program, words);
  const found = await candidatesFor(line, lookup);
  return found.filter(({ value }) => value.startsWith(line.current) && value !== "");
}

function readLine(program: Command, words: readonly string[]): Line {
  // bash takes `--flag=value` for three words.
  const typed = words.filter((word) => word !== "=");
  const current = words.at(-1) === "=" ? "" : (words.at(-1) ?? "");
  const before = words.at(-1) === "=" ? typed : typed.slice(0, -1);
  let command = program;
  let option: Option | undefined;
  const positional: string[] = [];
  const given = new Map<string, string>();
  for (const word of before) {
    if (option !== undefined) {
      given.set(option.long ?? "", word);
      option = undefined;
    } else if (word.startsWith("-")) {
      const [flag = "", value] = word.split("=", 2);
      const known = command.options.find(({ long, short }) => long === flag || short === flag);
      if (known !== undefined && value !== undefined) given.set(known.long ?? "", value);
      else if (known?.required === true) option = known;
    } else {
      const next = command.commands.find(
        (one) => one.name() === word || one.aliases().includes(word),
      );
      if (next !== undefined && positional.length === 0) command = next;
      else positional.push(word);
    }
  }
  return { command, positional, given, option, current };
}

async function candidatesFor(line: Line, lookup: Lookup): Promise<readonly Candidate[]> {
  const { command, option, current } = line;
  if (option !== undefined) return valuesOf(option, line, lookup);
  if (current.startsWith("-")) {
    return command.options
      .filter(({ hidden }) => !hidden)
      .map(({ long, short, description }) => ({ value: long ?? short ?? "", description }))
      .concat([{ value: "--help", description: "display help for command" }]);
  }
  const visible = command.createHelp().visibleCommands(command);
  if (visible.length > 0 && line.positional.length === 0) {
    return visible.map((one) => ({ value: one.name(), description: one.description() }));
  }
  return argumentsOf(line, lookup);
}

const plain = (values: readonly string[]): readonly Candidate[] =>
  values.map((value) => ({ value }));

async function valuesOf(option: Option, line: Line, lookup: Lookup): Promise<readonly Candidate[]> {
  switch (option.long) {
    case "--cluster":
      return plain(await lookup.clusters());
    case "--context":
      return plain(await lookup.contexts());
    case "--namespace":
      return plain(await lookup.namespaces(line.given));
    case "--output":
      return plain(formats);
    default:
      // Files, addresses and free text: the shell knows files.
      return [];
  }
}

async function argumentsOf(line: Line, lookup: Lookup): Promise<readonly Candidate[]> {
  const { command, positional, given, current } = line;
  switch (pathOf(command)) {
    case "get":
    case "describe": {
      const [resource] = positional;
      return resource === undefined
        ? resourceCandidates(current)
        : plain(await lookup.objects(resource, given));
    }
    case "clusters":
      return positional.length === 0 ? plain(await lookup.clusters()) : [];
    case "context use":
    case "context remove":
      return positional.length === 0 ? plain(await lookup.contexts()) : [];
    case "completion":
      return positional.length === 0 ? plain(Object.keys(completionScripts)) : [];
    default:
      return [];
  }
}

function pathOf(command: Command): string {
  const parent = command.parent?.parent;
  return parent === null || parent === undefined
    ? command.name()
    : `${command.parent?.name() ?? ""} ${command.name()}`;
}

/** Plural and short names; after a comma for the last of several. */
function resourceCandidates(current: string): readonly Candidate[] {
  const before = current.slice(0, current.lastIndexOf(",") + 1);
  return resources.flatMap((definition) => {
    const [plural = "", , ...others] = namesOf(definition);
    const short = others.filter((name) => !name.includes("."));
    return [plural, ...short].map((name) => ({
      value: `${before}${name}`,
      description: definition.kind,
    }));
  });
}
