/**
 * What a viewer may see, as a person writes it: one line a cluster, `NAME` or `NAME: NAMESPACE, NAMESPACE`.
 *
 * @module
 */
import type { AccessList } from "@obsyk/contract";

type NamedCluster = { readonly id: string; readonly name: string };

export type ParsedAccess =
  | { readonly kind: "all" }
  | { readonly kind: "limited"; readonly access: AccessList }
  | { readonly kind: "wrong"; readonly line: number; readonly reason: string };

const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** No line: everything. */
export function parseAccess(text: string, clusters: readonly NamedCluster[]): ParsedAccess {
  const access: AccessList = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const at = line.lastIndexOf(":");
    const name = (at < 0 ? line : line.slice(0, at)).trim();
    const wrong = (reason: string): ParsedAccess => ({ kind: "wrong", line: index + 1, reason });
    const cluster = clusters.find((one) => one.name === name);
    if (cluster === undefined) return wrong(`There is no cluster ${name}.`);
    if (at < 0) {
      access.push({ clusterId: cluster.id });
      continue;
    }
    const namespaces = line
      .slice(at + 1)
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
    if (namespaces.length === 0) return wrong("Name the namespaces, or leave the colon out.");
    const bad = namespaces.find((part) => !namespacePattern.test(part));
    if (bad !== undefined) return wrong(`${bad} is no name of a namespace.`);
    access.push({ clusterId: cluster.id, namespaces });
  }
  return access.length === 0 ? { kind: "all" } : { kind: "limited", access };
}

export function accessText(
  access: AccessList | undefined,
  clusters: readonly NamedCluster[],
): string {
  return (access ?? [])
    .map(({ clusterId, namespaces }) => {
      const name = clusters.find(({ id }) => id === clusterId)?.name ?? clusterId;
      return namespaces === undefined ? name : `${name}: ${namespaces.join(", ")}`;
    })
    .join("\n");
}
