/** What `kubectl get -o wide` prints is the API server's own Table: ours must be the same, heading by heading and cell by cell. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  recordOf,
  requestFor,
  resources,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";
import { columnsOf, nameText, type Column } from "@obsyk/contract/printer";
import { createListDecoder } from "@obsyk/operator";
import { startControlPlane, type ControlPlane } from "@obsyk/testkit";
import { namespace, type Planned } from "./planned.ts";
import { planned } from "./rich-objects.ts";

type Kube = {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string };
};
type Table = {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows?: readonly { readonly cells: readonly unknown[]; readonly object: Kube }[];
};

/** What the API server prints of fields that are never collected: parameters, free text, and what goes with it. */
const withheld: Readonly<Record<string, readonly string[]>> = {
  "ingressclasses.networking.k8s.io": ["PARAMETERS"],
  events: ["MESSAGE", "SOURCE", "SUBOBJECT", "FIRST SEEN", "COUNT"],
};

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({
    signal: new AbortController().signal,
    apiServerFlags: [
      "--feature-gates=ClusterTrustBundle=true,ClusterTrustBundleProjection=true,PodCertificateRequest=true,CrossNamespaceVolumeDataSource=true",
      "--runtime-config=certificates.k8s.io/v1beta1=true",
    ],
  });
  for (const one of planned) await write(one);
  await write({
    path: `/api/v1/namespaces/${namespace}/secrets`,
    object: { metadata: { name: "printed" }, type: "Opaque", stringData: { a: "1", b: "2" } },
  });
  await write({
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    object: { metadata: { name: "printed" }, data: { a: "1" }, binaryData: { b: "AA==" } },
  });
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

async function write({ path, object, status, terminating }: Planned): Promise<void> {
  const { admin } = plane;
  const made = (await admin.json({ method: "POST", path, body: object })) as Kube;
  const own = `${path}/${made.metadata.name}`;
  if (status !== undefined) {
    const contentType = "application/merge-patch+json";
    await admin.json({ method: "PATCH", path: `${own}/status`, body: { status }, contentType });
  }
  if (terminating === true) await admin.json({ method: "DELETE", path: own });
}

function pathOf({ group, version, plural }: ResourceDefinition): string {
  return group === "" ? `/api/${version}/${plural}` : `/apis/${group}/${version}/${plural}`;
}

async function tableOf(definition: ResourceDefinition): Promise<Table> {
  const answer = await plane.admin.send({
    path: `${pathOf(definition)}?includeObject=Object`,
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
  });
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text) as Table;
}

/** Records by uid, made the way the operator makes them. */
async function recordsOf(
  definition: ResourceDefinition,
  table: Table,
): Promise<ReadonlyMap<string, unknown>> {
  if (definition.modes.includes("full")) {
    const objects = (table.rows ?? []).map(({ object }) => object);
    return new Map(
      objects.map((one) => [one.metadata.uid, recordOf(definition, one, { mode: "full" })]),
    );
  }
  const { accept, query } = requestFor(definition, "keys", "list");
  const search = new URLSearchParams(query).toString();
  const answer = await plane.admin.send({ path: `${pathOf(definition)}?${search}`, accept });
  const decoder = createListDecoder({ definition, mode: "keys", namespace: "*" });
  const events = [...decoder.push(answer.bytes), ...decoder.end()];
  return new Map(
    events.flatMap((event) =>
      event.kind === "object"
        ? [[event.object.uid, JSON.parse(event.object.canonical.toString()) as unknown]]
        : [],
    ),
  );
}

function shownColumns(resource: string): readonly Column[] {
  return columnsOf(resource).filter((column) => column.own !== true);
}

for (const definition of resources) {
  const { resource } = definition;
  test(`columnsOf: ${resource} reads as the API server prints it`, async (t) => {
    const table = await tableOf(definition);
    const rows = table.rows ?? [];
    assert.ok(rows.length > 0, `there is something of ${resource} to compare`);
    const ours = shownColumns(resource);
    const theirs = table.columnDefinitions.map(({ name, priority }, index) => ({
      header: name.toUpperCase(),
      isWide: priority > 0,
      index,
    }));
    const named = theirs.find(({ header }) => header === "NAME");
    const left = withheld[resource] ?? [];
    const compared = theirs.filter((column) => column !== named && !left.includes(column.header));
    assert.deepEqual(
      ours.map(({ header, wide }) => [header, wide === true]),
      compared.map(({ header, isWide }) => [header, isWide]),
    );
    const records = await recordsOf(definition, table);
    let cells = 0;
    for (const { cells: printed, object } of rows) {
      const record = records.get(object.metadata.uid) as Record<string, unknown>;
      const { name } = object.metadata;
      assert.equal(nameText({ resource, name, record }), String(printed[named?.index ?? 0]));
      for (const [position, column] of ours.entries()) {
        const { index = -1, header = "" } = compared[position] ?? {};
        if (column.ageing === true && header !== "RESTARTS") continue;
        // Of RESTARTS only the age of the last one moves.
        const [text, theirText] = [column.cell(record, 0).text, String(printed[index])].map(
          (cell) => cell.replace(/ \(.* ago\)$/, ""),
        );
        // Go's own form of a struct, which nobody can use: ours is the selector as kubectl's -l takes it.
        if (theirText?.startsWith("&LabelSelector{") === true) continue;
        assert.equal(text, theirText, `${header} of ${name}`);
        cells += 1;
      }
    }
    t.diagnostic(`${cells} cells of ${rows.length} ${resource} compared`);
  });
}
