import type { Cluster, ClusterDetail } from "@obsyk/contract";
import { readAsOf, type Cell, type Tone } from "@obsyk/contract/printer";
import type { Command } from "commander";
import type { Host } from "../host.ts";
import { addConnectionOptions, connect, type ConnectionOptions } from "../platform/connection.ts";
import { findCluster, listClusters, readClusterDetail } from "../platform/objects.ts";
import { toJson, toYaml } from "../print/manifest.ts";
import { parseOutputFormat } from "../print/output-format.ts";
import { wantsColour } from "../print/style.ts";
import { renderTable } from "../print/table.ts";

type Options = ConnectionOptions & { readonly output?: string; readonly headers: boolean };

const help = `
AS OF is the oldest of the cluster's streams: nothing that is shown of it is older.
wide, json, yaml and jsonpath have what version and nodes tell of each cluster (.facts); json, yaml and jsonpath also
have the digest of everything its operator can send (.manifestDigest), its scope and its streams.

Example:
  obsyk clusters -o wide`;

export function addClustersCommand(program: Command, host: Host): void {
  const command = program
    .command("clusters")
    .description(
      "list the clusters, whether their operators are connected, and how old their data is",
    )
    .argument("[name]", "one cluster")
    .option("-o, --output <format>", "json, yaml, wide, name or jsonpath=TEMPLATE")
    .option("--no-headers", "no line of headings")
    .addHelpText("after", help);
  addConnectionOptions(command).action((name: string | undefined, options: Options) =>
    clusters(host, name, options),
  );
}

async function clusters(host: Host, name: string | undefined, options: Options): Promise<void> {
  const format = parseOutputFormat(options.output);
  await using connection = await connect(host, options);
  const { client } = connection;
  const one = name === undefined ? undefined : await findCluster(client, name);
  const listed = one === undefined ? await listClusters(client) : [one];
  const isBrief = format.kind === "name" || (format.kind === "table" && !format.wide);
  // The client's few connections bound how many are asked at once.
  const items: readonly (Cluster | ClusterDetail)[] = isBrief
    ? listed
    : await Promise.all(listed.map((cluster) => readClusterDetail(client, cluster)));
  const value = one === undefined ? { items } : items[0];
  switch (format.kind) {
    case "json":
      host.out.write(toJson(value));
      break;
    case "yaml":
      host.out.write(await toYaml(value));
      break;
    case "jsonpath":
      host.out.write(format.print(value));
      break;
    case "name":
      host.out.write(items.map((cluster) => `${cluster.name}\n`).join(""));
      break;
    case "table": {
      const nowMs = host.clock.now();
      const rows = items.map((cluster) => rowOf(cluster, nowMs, format.wide));
      const header = format.wide ? [...heading, ...wideHeading] : heading;
      const style = { colour: wantsColour(host), headers: options.headers };
      host.out.write(renderTable({ header, rows }, style));
      if (items.length === 0) {
        host.error.write("No clusters yet: register one in the console under Clusters.\n");
      }
    }
  }
}

const heading = ["NAME", "STATE", "AS OF", "VERSION", "NODES", "NAMESPACES", "OBJECTS"];
const wideHeading = [
  "DISTRIBUTION",
  "REGIONS",
  "NODES READY",
  "OPERATOR",
  "LAST SEEN",
  "UID",
  "ID",
];

const stateTones: { readonly [state in Cluster["state"]]: Tone } = {
  connected: "good",
  disconnected: "bad",
  pending: "muted",
};

function rowOf(cluster: Cluster | ClusterDetail, nowMs: number, wide: boolean): readonly Cell[] {
  const facts = "facts" in cluster ? cluster.facts : undefined;
  const nodes = facts?.nodes;
  const more = [
    { text: facts?.distribution?.name ?? "" },
    { text: facts?.regions.join(",") ?? "" },
    { text: nodes === undefined ? "" : `${nodes.ready}/${nodes.total}` },
    { text: cluster.operatorVersion ?? "" },
    { text: readAsOf(cluster.lastSeen, nowMs)?.ago ?? "never" },
    { text: cluster.uid ?? "" },
    { text: cluster.id },
  ];
  return [
    { text: cluster.name },
    { text: cluster.state, tone: stateTones[cluster.state] },
    asOfCell(cluster.asOf, nowMs),
    { text: cluster.kubernetesVersion ?? "" },
    { text: String(cluster.nodes) },
    { text: String(cluster.namespaces) },
    { text: String(cluster.objects) },
    ...(wide ? more : []),
  ];
}

function asOfCell(asOf: string | undefined, nowMs: number): Cell {
  const age = readAsOf(asOf, nowMs);
  if (age === undefined) return { text: "never", tone: "muted" };
  const tone = age.freshness === "fresh" ? "good" : age.freshness === "late" ? "warn" : "bad";
  return { text: age.ago, tone };
}
