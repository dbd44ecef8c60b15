/** Which groups, versions and resources this API server has. */
import { apiVersionOf, type ResourceDefinition } from "@obsyk/contract/allow-list";

const gitVersion = "v1.36.3";

type Discovery = { readonly [path: string]: unknown };

export function discoveryOf(definitions: readonly ResourceDefinition[]): Discovery {
  const documents: { [path: string]: unknown } = {
    "/version": {
      major: "1",
      minor: "36",
      gitVersion,
      gitCommit: "0".repeat(40),
      gitTreeState: "clean",
      buildDate: "2026-01-01T00:00:00Z",
      goVersion: "none",
      compiler: "none",
      platform: "linux/amd64",
    },
    "/api": { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] },
  };
  const groups: unknown[] = [];
  for (const groupVersion of new Set(definitions.map(apiVersionOf))) {
    const members = definitions.filter((definition) => apiVersionOf(definition) === groupVersion);
    const group = members[0]?.group ?? "";
    documents[group === "" ? `/api/${groupVersion}` : `/apis/${groupVersion}`] = {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion,
      resources: members.map((definition) => ({
        name: definition.plural,
        singularName: definition.kind.toLowerCase(),
        namespaced: definition.namespaced,
        kind: definition.kind,
        verbs: ["get", "list", "watch"],
      })),
    };
    if (group === "") continue;
    const versions = [{ groupVersion, version: members[0]?.version ?? "" }];
    const entry = { name: group, versions, preferredVersion: versions[0] };
    documents[`/apis/${group}`] = { kind: "APIGroup", apiVersion: "v1", ...entry };
    groups.push(entry);
  }
  documents["/apis"] = { kind: "APIGroupList", apiVersion: "v1", groups };
  return documents;
}
