/**
 * Which clusters and namespaces a question is about, with kubectl's habits: one namespace unless `-A` says all.
 *
 * @module
 */
import type { Command } from "commander";
import { CliError } from "./errors.ts";
import type { Connection } from "./platform/connection.ts";
import { findCluster, listClusters } from "./platform/objects.ts";
import type { Resource } from "./resources/names.ts";

export type ScopeOptions = {
  readonly cluster?: string;
  readonly allClusters?: true;
  readonly namespace?: string;
  readonly allNamespaces?: true;
};

export type Scope = {
  /** A name; `undefined`: every cluster. */
  readonly cluster: string | undefined;
  /** Of namespaced resources; `undefined`: every namespace. */
  readonly namespace: string | undefined;
};

export function addScopeOptions(command: Command): Command {
  return command
    .option(
      "-c, --cluster <name>",
      "name or id of a cluster; OBSYK_CLUSTER, the context's own, or every cluster, when absent",
    )
    .option("--all-clusters", "every cluster, whatever the context says")
    .option(
      "-n, --namespace <name>",
      "namespace; OBSYK_NAMESPACE, the context's own, or default, when absent",
    )
    .option("-A, --all-namespaces", "every namespace");
}

/** @throws {CliError} for a cluster that does not exist, with the nearest name */
export async function resolveScope(
  { client, defaults }: Connection,
  options: ScopeOptions,
): Promise<Scope> {
  if (options.allNamespaces === true && (options.namespace ?? "") !== "") {
    throw new CliError("USAGE", "-n and -A contradict each other: give one of them");
  }
  const namespace =
    options.allNamespaces === true
      ? undefined
      : (options.namespace ?? defaults.namespace ?? "default");
  if (options.allClusters === true) return { cluster: undefined, namespace };
  const wanted = options.cluster ?? defaults.cluster;
  if (wanted !== undefined) {
    const { name } = await findCluster(client, wanted);
    return { cluster: name, namespace };
  }
  const clusters = await listClusters(client);
  if (clusters.length === 0) {
    throw new CliError(
      "NOT_FOUND",
      "no cluster is registered yet: register one in the console under Clusters",
    );
  }
  return { cluster: clusters.length === 1 ? clusters[0]?.name : undefined, namespace };
}

/** The namespace to ask for: none for what has none. A custom resource may have one or not. */
export function namespaceFor(
  { definition }: Resource,
  scope: Scope,
  options: ScopeOptions,
): string | undefined {
  if (definition === undefined) return options.namespace;
  return definition.namespaced ? scope.namespace : undefined;
}
