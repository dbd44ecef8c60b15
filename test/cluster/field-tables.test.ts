import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canonicalize, type Mode } from "@obsyk/contract";
import {
  findResource,
  metadataOnly,
  recordOf,
  requestFor,
  resources,
  type FieldType,
  type Message,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";
import {
  createListDecoder,
  createWatchDecoder,
  keepRecord,
  type ListEvent,
  type WatchEvent,
} from "@obsyk/operator";
import { startControlPlane, waitFor, type ControlPlane } from "@obsyk/testkit";
import { canary, metadata, namespace, type Planned } from "./planned.ts";
import { planned } from "./rich-objects.ts";

type Kube = { readonly [name: string]: unknown };
type Items = { readonly items: readonly Kube[]; readonly metadata: { resourceVersion: string } };

const full = resources.filter((definition) => definition.modes.includes("full"));

/** Switches on what is off by default and has fields in our tables. */
const apiServerFlags = [
  "--feature-gates=ClusterTrustBundle=true,ClusterTrustBundleProjection=true,PodCertificateRequest=true,CrossNamespaceVolumeDataSource=true,MaxUnavailableStatefulSet=true",
  "--runtime-config=certificates.k8s.io/v1beta1=true",
];

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ signal: new AbortController().signal, apiServerFlags });
  for (const one of planned) await write(one);
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

async function write({
  path,
  object,
  status,
  ephemeralContainers,
  terminating,
}: Planned): Promise<void> {
  const { admin } = plane;
  const made = (await admin.json({ method: "POST", path, body: object })) as {
    metadata: { name: string };
  };
  const own = `${path}/${made.metadata.name}`;
  const contentType = "application/merge-patch+json";
  if (ephemeralContainers !== undefined) {
    const body = { spec: { ephemeralContainers } };
    await admin.json({ method: "PATCH", path: `${own}/ephemeralcontainers`, body, contentType });
  }
  if (status !== undefined) {
    await admin.json({ method: "PATCH", path: `${own}/status`, body: { status }, contentType });
  }
  if (terminating === true) await admin.json({ method: "DELETE", path: own });
}

function pathOf(definition: ResourceDefinition): string {
  const { group, version, plural } = definition;
  return group === "" ? `/api/${version}/${plural}` : `/apis/${group}/${version}/${plural}`;
}

async function listAs(
  definition: ResourceDefinition,
  mode: Mode,
  path: string,
): Promise<ListEvent[]> {
  const { accept, query } = requestFor(definition, mode, "list");
  const answer = await plane.admin.send({
    path: `${path}?${new URLSearchParams(query).toString()}`,
    accept,
  });
  assert.equal(answer.status, 200);
  const decoder = createListDecoder({ definition, mode, namespace });
  const half = Math.floor(answer.bytes.length / 2);
  // A record is valid until the next chunk.
  const first = decoder.push(answer.bytes.subarray(0, half)).map((event) => kept(event));
  const rest = decoder.push(answer.bytes.subarray(half)).map((event) => kept(event));
  return [...first, ...rest, ...decoder.end()];
}

function kept(event: ListEvent): ListEvent {
  return event.kind === "object" ? { kind: "object", object: keepRecord(event.object) } : event;
}

async function watchAs(
  definition: ResourceDefinition,
  mode: Mode,
  path: string,
): Promise<WatchEvent[]> {
  const { accept, query } = requestFor(definition, mode, "watch");
  const search = new URLSearchParams({
    ...query,
    watch: "1",
    sendInitialEvents: "true",
    resourceVersionMatch: "NotOlderThan",
    allowWatchBookmarks: "true",
    timeoutSeconds: "1",
  });
  const answer = await plane.admin.send({ path: `${path}?${search.toString()}`, accept });
  assert.equal(answer.status, 200, answer.text);
  const decoder = createWatchDecoder({ definition, mode, namespace });
  const events = [...decoder.push(answer.bytes), ...decoder.end()];
  // The API server says with a bookmark that what was there before has been sent.
  const bookmark = events.find((event) => event.kind === "bookmark");
  assert.ok(Number(bookmark?.resourceVersion) > 0, "a bookmark with its resourceVersion");
  return events;
}

function recordsOf(events: readonly (ListEvent | WatchEvent)[]): readonly string[] {
  const unreadable = events.filter((event) => event.kind === "unreadable");
  assert.deepEqual(unreadable, []);
  return events
    .flatMap((event) => ("object" in event ? [event.object.canonical.toString()] : []))
    .sort();
}

async function itemsOf(definition: ResourceDefinition): Promise<Items> {
  return (await plane.admin.json({ path: pathOf(definition) })) as Items;
}

// A watch lasts a second: several at once.
describe("createListDecoder", { concurrency: 8 }, () => {
  for (const definition of full) {
    test(`createListDecoder: ${definition.resource} equal their pruned JSON, byte for byte`, async () => {
      const list = await itemsOf(definition);
      assert.ok(list.items.length > 0);
      for (const mode of ["full", "metadata"] as const) {
        const wanted = list.items
          .map((item) => canonicalize(recordOf(definition, item, { mode })))
          .sort();
        const events = await listAs(definition, mode, pathOf(definition));
        assert.deepEqual(recordsOf(events), wanted);
        assert.deepEqual(recordsOf(await watchAs(definition, mode, pathOf(definition))), wanted);
        assert.ok(!wanted.join().includes(canary), "the pruned JSON has no forbidden text");
        const meta = events.find((event) => event.kind === "meta");
        assert.equal(meta?.continueToken, "");
        assert.ok(Number(meta?.resourceVersion) > 0);
      }
    });
  }
});

test("createListDecoder: managers and resourceVersion are those of the JSON", async () => {
  const definition = findResource("deployments.apps")!;
  const { items } = await itemsOf(definition);
  const events = await listAs(definition, "full", pathOf(definition));
  const event = events.find((one) => one.kind === "object");
  const metadata = items[0]?.["metadata"] as { resourceVersion: string; managedFields: Kube[] };
  assert.ok(event?.kind === "object");
  assert.equal(event.object.resourceVersion, metadata.resourceVersion);
  const kept = ["manager", "operation", "time", "subresource"];
  assert.deepEqual(
    event.object.managers,
    metadata.managedFields.map((entry) =>
      Object.fromEntries(Object.entries(entry).filter(([name]) => kept.includes(name))),
    ),
  );
});

test("metadataOnly: custom resources equal their pruned JSON, and come without their spec (I2)", async () => {
  const widgets = metadataOnly({
    group: "rich.example.com",
    version: "v1",
    resource: "widgets",
    kind: "Widget",
    namespaced: true,
  });
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const schema = {
    openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  };
  const body = {
    metadata: { name: widgets.resource },
    spec: {
      group: widgets.group,
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
  await plane.admin.json({ method: "POST", path, body });
  const signal = AbortSignal.timeout(20_000);
  const isServed = async (): Promise<boolean> =>
    (await plane.admin.send({ path: pathOf(widgets) })).status === 200;
  await waitFor("the custom resource is served", isServed, { timeoutMs: 20_000, signal });
  const items = `/apis/rich.example.com/v1/namespaces/${namespace}/widgets`;
  const widget = {
    apiVersion: "rich.example.com/v1",
    kind: "Widget",
    metadata: { ...metadata, name: "one" },
    spec: { token: canary },
  };
  await plane.admin.json({ method: "POST", path: items, body: widget });
  const list = await itemsOf(widgets);
  const wanted = list.items.map((item) =>
    canonicalize(recordOf(widgets, item, { mode: "metadata" })),
  );
  assert.equal(wanted.length, 1);
  assert.match(wanted[0] ?? "", /"app":"rich".*"kind":"Widget"|"kind":"Widget".*"app":"rich"/);
  assert.ok(!(wanted[0] ?? canary).includes(canary));
  assert.deepEqual(recordsOf(await listAs(widgets, "metadata", pathOf(widgets))), wanted);
  assert.deepEqual(recordsOf(await watchAs(widgets, "metadata", pathOf(widgets))), wanted);
});

const core = "k8s.io.api.core.v1";
/** Kept fields that no object of this API server can have set. */
const unset: readonly string[] = [
  // Refused in ephemeral containers; the message has them because it copies Container.
  `${core}.EphemeralContainerCommon.livenessProbe`,
  `${core}.EphemeralContainerCommon.ports`,
  `${core}.EphemeralContainerCommon.readinessProbe`,
  `${core}.EphemeralContainerCommon.resizePolicy`,
  `${core}.EphemeralContainerCommon.restartPolicy`,
  `${core}.EphemeralContainerCommon.startupProbe`,
];

test("resources: every kept field was set on some object above, so that the comparison means something", async (t) => {
  const seen = new Set<string>();
  const known = new Set<string>();
  for (const definition of full) {
    const { items } = await itemsOf(definition);
    for (const item of items) note(definition.message, item, seen);
    noteKnown(definition.message, known);
  }
  assert.deepEqual([...known].filter((field) => !seen.has(field)).sort(), unset);
  t.diagnostic(`FIGURE ${seen.size} of ${known.size} kept fields compared on real objects`);
  t.diagnostic(`KUBERNETES ${plane.version}`);
});

function note(message: Message, source: Kube, seen: Set<string>): void {
  for (const [name, field] of Object.entries(message.fields)) {
    if (field.presence === "inline" && field.type.kind === "message") {
      note(field.type.message, source, seen);
      continue;
    }
    const value = source[name];
    if (value === undefined || value === null) continue;
    seen.add(`${message.name}.${name}`);
    noteValue(field.type, value, seen);
  }
}

function noteValue(type: FieldType, value: unknown, seen: Set<string>): void {
  if (type.kind === "message") note(type.message, value as Kube, seen);
  if (type.kind === "list") for (const item of value as unknown[]) noteValue(type.of, item, seen);
}

function noteKnown(message: Message, known: Set<string>): void {
  for (const [name, field] of Object.entries(message.fields)) {
    const type = field.type.kind === "list" ? field.type.of : field.type;
    if (field.presence !== "inline") known.add(`${message.name}.${name}`);
    if (type.kind === "message") noteKnown(type.message, known);
  }
}

for (const resource of ["secrets", "configmaps"] as const) {
  test(`createListDecoder: ${resource} come as Tables with names, counts and no values (I2)`, async () => {
    const definition = findResource(resource)!;
    const path = `/api/v1/namespaces/${namespace}/${resource}`;
    const value = resource === "secrets" ? Buffer.from(canary).toString("base64") : canary;
    // Makes the API server add metadata to the row also in mode counts.
    const annotations = {
      "k8s.io/initial-events-end": "true",
      "kubectl.kubernetes.io/last-applied-configuration": canary,
      [canary]: canary,
    };
    const body = {
      metadata: { name: "keys", labels: { a: "b" }, annotations },
      data: { one: value, two: value },
    };
    await plane.admin.json({ method: "POST", path, body });
    const made = (await plane.admin.json({ path: `${path}/keys` })) as Kube;
    const keyed = canonicalize(
      recordOf(definition, made, {
        mode: "keys",
        obsyk: { dataCount: 2, dataKeys: ["one", "two"], dataKeysQuality: "exact" },
      }),
    );
    assert.match(keyed, /"embeddedCopies":\["kubectl.kubernetes.io\/last-applied-configuration"\]/);
    const counted = canonicalize({
      apiVersion: "v1",
      kind: definition.kind,
      metadata: { name: "keys", namespace },
      obsyk: { dataCount: 2 },
      ...(resource === "secrets" ? { type: "Opaque" } : {}),
    });
    for (const [mode, wanted] of [
      ["keys", keyed],
      ["counts", counted],
    ] as const) {
      assert.deepEqual(recordsOf(await listAs(definition, mode, path)), [wanted]);
      assert.deepEqual(recordsOf(await watchAs(definition, mode, path)), [wanted]);
    }
    await plane.admin.json({ method: "DELETE", path: `${path}/keys` });
    assert.deepEqual(recordsOf(await listAs(definition, "keys", path)), []);
  });
}
