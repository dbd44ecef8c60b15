import { apiPaths, countsSchema } from "@obsyk/contract";
import type { Command } from "commander";
import { findCandidates, type Given, type Lookup } from "../completion/candidates.ts";
import { completionScripts } from "../completion/scripts.ts";
import { configPath, readConfig } from "../config.ts";
import { CliError } from "../errors.ts";
import type { Host } from "../host.ts";
import { nearest } from "../nearest.ts";
import { connect, type Connection } from "../platform/connection.ts";
import { findCluster, listClusters, readPages } from "../platform/objects.ts";
import { parseResources } from "../resources/names.ts";
import { namespaceFor, resolveScope, type ScopeOptions } from "../scope.ts";

const help = `
Names of clusters, namespaces and objects come from the platform, when somebody is signed in.

  bash   source <(obsyk completion bash)         in ~/.bashrc
  zsh    source <(obsyk completion zsh)          in ~/.zshrc, after compinit
  fish   obsyk completion fish | source          in ~/.config/fish/config.fish`;

/** A person waits for this with a finger on the key. */
const lookupMs = 2_000;

export function addCompletionCommands(program: Command, host: Host): void {
  program
    .command("completion")
    .description("print what makes a shell complete command lines of obsyk")
    .argument("<shell>", Object.keys(completionScripts).join(", "))
    .addHelpText("after", help)
    .action((shell: string) => {
      const script = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined;
      if (script === undefined) throw unknownShell(shell);
      host.out.write(script);
    });
  program
    .command("complete-words", { hidden: true })
    .description("print candidates for the last of the words")
    .argument("[words...]", "what follows obsyk on the command line")
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const found = await findCandidates(program, words, lookupWith(host));
      for (const { value, description = "" } of found) {
        host.out.write(`${value}\t${description}\n`);
      }
    });
}

function unknownShell(shell: string): CliError {
  const names = Object.keys(completionScripts);
  const suggestion = nearest(shell, names);
  const hint =
    suggestion === undefined ? `there are ${names.join(", ")}` : `did you mean ${suggestion}?`;
  return new CliError("USAGE", `no completion for ${JSON.stringify(shell)}: ${hint}`);
}

/** Whatever goes wrong, there is nothing to suggest: a completion never complains. */
function lookupWith(host: Host): Lookup {
  const ask = async (
    given: Given,
    question: (connection: Connection, scope: ScopeOptions) => Promise<readonly string[]>,
  ): Promise<readonly string[]> => {
    const signal = AbortSignal.any([host.signal, AbortSignal.timeout(lookupMs)]);
    try {
      await using connection = await connect(
        { ...host, signal },
        optionsOf(given, ["server", "context"]),
      );
      return await question(connection, optionsOf(given, ["cluster", "namespace"]));
    } catch {
      return [];
    }
  };
  return {
    contexts: async () => {
      try {
        return Object.keys((await readConfig(configPath(host.env))).contexts);
      } catch {
        return [];
      }
    },
    clusters: () =>
      ask(new Map(), async ({ client }) => (await listClusters(client)).map(({ name }) => name)),
    namespaces: (given) =>
      ask(given, async ({ client, defaults }, { cluster = defaults.cluster }) => {
        const clusters =
          cluster === undefined ? await listClusters(client) : [await findCluster(client, cluster)];
        const counts = await Promise.all(
          clusters
            .slice(0, 5)
            .map(({ id }) => client.get(countsSchema, apiPaths.counts.replace(":clusterId", id))),
        );
        const names = counts.flatMap(({ items }) => items.map(({ namespace = "" }) => namespace));
        return [...new Set(names)].sort();
      }),
    objects: (text, given) =>
      ask(given, async (connection, options) => {
        const scope = await resolveScope(connection, options);
        const [resource] = parseResources(text);
        if (resource === undefined) return [];
        const namespace = namespaceFor(resource, scope, options);
        const filter = { cluster: scope.cluster, resource: resource.resource, namespace };
        // One page: nobody chooses from more.
        for await (const { items } of readPages(connection.client, filter)) {
          return [...new Set(items.map(({ name }) => name))].sort();
        }
        return [];
      }),
  };
}

function optionsOf<K extends string>(
  given: Given,
  names: readonly K[],
): { readonly [name in K]?: string } {
  const known = names.flatMap((name) => {
    const value = given.get(`--${name}`);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(known) as { readonly [name in K]?: string };
}
