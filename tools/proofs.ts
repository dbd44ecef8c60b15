/**
 * The register of proofs. `npm run proof -- ID` runs test/proofs/ID.ts; DESIGN's invariants I1 to I9 are what they
 * support.
 *
 * @module
 */

import {
  asksForMetadata,
  keepsTheManifest,
  neverSweeps,
  parsesWholeSecrets,
  wrongKeySaboteurs,
} from "./saboteurs.ts";

export const invariants = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9"] as const;
export type Invariant = (typeof invariants)[number];

/** Breaks the feature by changing source text while it loads. */
export type Saboteur = {
  readonly name: string;
  readonly breaks: string;
  readonly patches: readonly {
    /** Path from the root of the tree. */
    readonly file: string;
    /** Must occur; a saboteur that no longer fits breaks the run. */
    readonly find: string;
    readonly replace: string;
  }[];
  /** The proof's failure must say this; another failure is no detection. */
  readonly caught: RegExp;
};

export type Saboteurs = readonly [Saboteur, ...Saboteur[]];

export type Proof = {
  readonly id: string;
  /** One sentence. */
  readonly proves: string;
  readonly invariants: readonly Invariant[];
  /** The run is ended after this long. A default run should take {@link defaultMs}; busy machines get twice that. */
  readonly boundMs: { readonly default: number; readonly full: number };
  readonly saboteurs: Saboteurs;
};

const minuteMs = 60_000;

/** What a default run should take; above it, `npm run proof` warns. */
export const defaultMs = minuteMs;

export const proofs: readonly Proof[] = [
  {
    id: "main-job",
    proves:
      "Within 2 s of kubectl's return, objects applied to a real kube-apiserver are on the API, and those of an open table on its page without a reload; so are an edit and a delete; the operator only reads.",
    invariants: ["I1", "I4"],
    boundMs: { default: 2 * minuteMs, full: 10 * minuteMs },
    saboteurs: [
      {
        name: "drops-deletions",
        breaks: "deletions that a watch reports are not handed on",
        patches: [
          {
            file: "operator/src/reflect/watch.ts",
            find: "const taken = context.sink.watched(event.kind, event.object, seen);",
            replace: `const taken = event.kind === "deleted" ? "accepted"
              : context.sink.watched(event.kind, event.object, seen);`,
          },
        ],
        caught: /the delete on the API: not within/,
      },
      {
        name: "silent-live-channel",
        breaks: "open pages are not told that something changed",
        patches: [
          {
            file: "platform/src/query/live-route.ts",
            find: "hub.subscribe(scope, (event) => send(response, event));",
            replace: "hub.subscribe(scope, () => undefined);",
          },
        ],
        caught: /on the open page: not within/,
      },
    ],
  },
  {
    id: "secret-values-never-read",
    proves:
      "No value of a Secret or ConfigMap is received, sent, logged, stored or in memory; copies in kubectl apply's annotation go no further than the socket.",
    invariants: ["I2"],
    boundMs: { default: 2 * minuteMs, full: 10 * minuteMs },
    saboteurs: [parsesWholeSecrets, asksForMetadata, keepsTheManifest],
  },
  {
    id: "unsafe-proxy",
    proves:
      "When a proxy makes the API server send whole Secrets, the connection is closed within the first piece, everything says unsafe, and no value is in the heap or leaves.",
    invariants: ["I2", "I3"],
    boundMs: { default: 2 * minuteMs, full: 45 * minuteMs },
    saboteurs: [
      {
        name: "looks-when-all-is-there",
        breaks: "a list is taken in whole before it is looked at",
        patches: [
          {
            file: "operator/src/reflect/list.ts",
            find: "await readChunks(answer, wait, (chunk) => useAll(decoder.push(chunk)));",
            replace: `const whole = [];
  await readChunks(answer, wait, (chunk) => whole.push(Buffer.from(chunk)) > 0);
  for (const chunk of whole) useAll(decoder.push(chunk));`,
          },
        ],
        caught: /(?:closed after|read whole in) [1-9]\d* pieces/,
      },
      {
        name: "any-content-type",
        breaks: "a list is read whatever its Content-Type says",
        patches: [
          {
            file: "operator/src/reflect/list.ts",
            find: "if (answer.contentType !== contentType) {",
            replace: "if (answer.contentType === undefined) {",
          },
        ],
        caught: /misconfigured: not within/,
      },
    ],
  },
  {
    id: "poison",
    proves:
      "Huge, countless, malformed and strangely named objects, each kind alone and all together, arrive; a record that cannot be stored is a visible stub, and nothing stalls.",
    invariants: ["I1", "I8"],
    boundMs: { default: 2 * minuteMs, full: 60 * minuteMs },
    saboteurs: [
      {
        name: "keeps-bad-text",
        breaks: "NUL and lone surrogates in kept text stay as they are",
        patches: [
          {
            file: "contract/src/allow-list/text.ts",
            find: "const wellFormed = text.isWellFormed() ? text : text.toWellFormed();",
            replace: "return text;\n  const wellFormed = text;",
          },
        ],
        caught: /NUL, lone surrogates/,
      },
      {
        name: "forgets-what-is-too-large",
        breaks: "an object whose record is above its bound is left out",
        patches: [
          {
            file: "operator/src/project/protobuf-object.ts",
            find: "if (error instanceof TooLarge) return stubOf(this.#definition, range);",
            replace: "",
          },
        ],
        caught: /above 1 MiB: .*is missing/,
      },
    ],
  },
  {
    id: "restart",
    proves:
      "Killed with SIGKILL inside a list and at random moments of a watch, platform, PostgreSQL and operator come back by themselves and end equal to the API server.",
    invariants: ["I1", "I7", "I8"],
    boundMs: { default: 2 * minuteMs, full: 15 * minuteMs },
    saboteurs: [
      neverSweeps,
      {
        name: "leaves-postgres-dead",
        breaks: "nothing starts PostgreSQL again",
        patches: [
          {
            file: "platform/src/store/postgres-server.ts",
            find: "this.#watching = this.#watch(this.#serving);",
            replace: "this.#watching = Promise.resolve();",
          },
        ],
        caught: /postgres is back: not within/,
      },
    ],
  },
  {
    id: "field-tables",
    proves:
      "Every allow-listed field has Kubernetes' own number, name, type and presence, and protobuf records equal the pruned JSON of the same objects byte for byte.",
    invariants: ["I2"],
    boundMs: { default: 2 * minuteMs, full: 5 * minuteMs },
    saboteurs: [
      {
        name: "wrong-field-number",
        breaks: "a Service port's appProtocol is looked for under another number",
        patches: [
          {
            file: "contract/src/allow-list/kubernetes/core.ts",
            find: "appProtocol: pointer(6, string)",
            replace: "appProtocol: pointer(7, string)",
          },
        ],
        caught: /^failed: .*numbers, names, types and presence are those of Kubernetes/,
      },
      {
        name: "texts-as-numbers",
        breaks: "a named port or a percentage is written as the number it is not",
        patches: [
          {
            file: "operator/src/project/record-reader.ts",
            find: "isText = cursor.int64() === 1;",
            replace: "isText = cursor.int64() > 1;",
          },
        ],
        caught: /^failed: .*equal their pruned JSON/,
      },
    ],
  },
  {
    id: "allow-list",
    proves:
      "Of every text field of every collected kind, planted on a real and on a simulated API server, exactly those of the manifest leave, both ways.",
    invariants: ["I2"],
    boundMs: { default: 2 * minuteMs, full: 10 * minuteMs },
    saboteurs: [
      {
        name: "one-field-more",
        breaks: "a container's command is in its table, and the published page does not say so",
        patches: [
          {
            file: "contract/src/allow-list/kubernetes/containers.ts",
            find: "  image: omitzero(2, string),\n  ports:",
            replace:
              "  image: omitzero(2, string),\n  command: omitzero(3, list(string)),\n  ports:",
          },
        ],
        caught: /left without being in the manifest: .*containers\[\]\.command\[\]/,
      },
    ],
  },
  {
    id: "non-interference",
    proves:
      "Two clusters equal in every published field and different in all others give byte-identical lines, hashes included.",
    invariants: ["I2"],
    boundMs: { default: 2 * minuteMs, full: 10 * minuteMs },
    saboteurs: [
      {
        name: "length-of-a-value",
        breaks: "how long a variable's literal value is shows in the evidence",
        patches: [
          {
            file: "operator/src/project/literal-env.ts",
            find: 'this.#found.push({ container: "", name });',
            replace: 'this.#found.push({ container: "", name: `${name}${end - nameEnd}_TOKEN` });',
          },
        ],
        caught: /pods differ/,
      },
      {
        name: "another-annotation",
        breaks: "an annotation that nobody knows is kept",
        patches: [
          {
            file: "operator/src/project/record-reader.ts",
            find: "if (value.keys !== undefined && !this.#isAllowed(entry, value.keys)) continue;",
            replace: "",
          },
        ],
        caught: /namespaces differ/,
      },
    ],
  },
  {
    id: "scope-change",
    proves:
      "Namespaces filtered, resources and modes switched, tables narrower and wider: nothing is called deleted or changed that was not, and the counts are the API server's.",
    invariants: ["I1", "I3"],
    boundMs: { default: 2 * minuteMs, full: 5 * minuteMs },
    saboteurs: [
      {
        name: "leaving-the-scope-sweeps",
        breaks: "what left the scope stays in the index that a list is compared with",
        patches: [
          {
            file: "platform/src/ingest/index-snapshot.ts",
            find: "and stream_id = $4 and in_scope",
            replace: "and stream_id = $4",
          },
        ],
        caught: /objects called deleted that the API server has/,
      },
      {
        name: "every-upgrade-is-a-change",
        breaks: "a record of another shape is taken for a changed object",
        patches: [
          {
            file: "platform/src/ingest/delta-statement.ts",
            find: "(i.c = 'schema' and i.rv <> '' and i.rv = old.resource_version)",
            replace: "false",
          },
        ],
        caught: /changes of what never changed/,
      },
    ],
  },
  {
    id: "wrong-keys",
    proves:
      "Every kind of wrong key file is refused with its own message, and a private key pasted at the platform is refused, told to be compromised, and kept nowhere.",
    invariants: ["I5", "I8"],
    boundMs: { default: 2 * minuteMs, full: 5 * minuteMs },
    saboteurs: wrongKeySaboteurs,
  },
  {
    id: "no-lost-change",
    proves:
      "Under every kind of fault on both sides of the operator no deletion and no last state is lost, and the end equals the API server's list.",
    invariants: ["I1", "I3", "I7"],
    boundMs: { default: 2 * minuteMs, full: 45 * minuteMs },
    saboteurs: [
      neverSweeps,
      {
        name: "goes-on-too-late",
        breaks: "a watch that broke off goes on twenty revisions after where it ended",
        patches: [
          {
            file: "operator/src/reflect/watch.ts",
            find: "resourceVersion: state.resourceVersion,",
            replace: `resourceVersion: String(
                BigInt(state.resourceVersion) +
                  (globalThis.watched?.has(context.stream.resource) ? 20n : 0n),
              ),
              ...((globalThis.watched ??= new Set()).add(context.stream.resource), {}),`,
          },
        ],
        caught: /losses|differences/,
      },
    ],
  },
  {
    id: "tenant-isolation",
    proves:
      "With another organisation's ids in every place of every API operation the answer is the 404 of an id of nobody, with row-level security and without it; a raw connection as the platform's login finds none of its rows, partitions included.",
    invariants: ["I6"],
    boundMs: { default: 2 * minuteMs, full: 5 * minuteMs },
    saboteurs: [
      {
        name: "a-query-without-scope",
        breaks: "one object is read whichever organisation it belongs to",
        patches: [
          {
            file: "platform/src/query/objects.ts",
            find: "where o.org_id = ${scope.orgId} and o.cluster_id = ${key.clusterId} and o.resource = ${key.resource}",
            replace: "where o.cluster_id = ${key.clusterId} and o.resource = ${key.resource}",
          },
        ],
        caught: /objects\/\{resource\}\/\{uid\} with their/,
      },
      {
        name: "a-policy-dropped",
        breaks: "one table has no policy",
        patches: [
          {
            file: "platform/src/store/migrate.ts",
            find: "await client.query(migration.sql);",
            replace: `await client.query(migration.sql.replace("'object', 'inventory_count'", "'inventory_count'"));`,
          },
        ],
        caught: /object without a scope/,
      },
      {
        name: "a-partition-forgotten",
        breaks: "new partitions have no policy of their own",
        patches: [
          {
            file: "platform/src/store/migrate.ts",
            find: "await client.query(migration.sql);",
            replace: `await client.query(migration.sql.replaceAll("perform isolate(part::regclass);", ""));`,
          },
        ],
        caught: /_\d{4}_\d{2} without a scope/,
      },
    ],
  },
];
