/** Objects that no sane cluster has and some cluster will: each kind of poison, and what must become of it. */
import { limits, type InventoryObject } from "@obsyk/contract";

/** A plain Kubernetes object. */
export type Plain = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly [field: string]: unknown };
  readonly [field: string]: unknown;
};

export type Dose = {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** Made when it is asked for: gigabytes need not be held. */
  make(): Plain;
  /** What is wrong with what the platform holds of it; nothing when all is well. */
  check?(held: InventoryObject): string | undefined;
};

export type Poison = { readonly name: string; readonly doses: readonly Dose[] };
export type Profile = "default" | "full";

/** Stand for bytes that text cannot hold; the server replaces them on the wire by as many others. */
const marks = {
  nul: { text: "@@00@@", bytes: Buffer.alloc(6) },
  /** Never in UTF-8, and a surrogate's half. */
  invalid: { text: "@@FF@@", bytes: Buffer.from([0xff, 0xfe, 0xed, 0xa0, 0x80, 0xc0]) },
} as const;

export function distort(bytes: Buffer): void {
  for (const mark of Object.values(marks)) {
    const needle = Buffer.from(mark.text);
    for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at)) {
      mark.bytes.copy(bytes, at);
    }
  }
}

const namespace = "poison";
const mebibyte = 1024 * 1024;
const api = { pods: "v1", configmaps: "v1", secrets: "v1" } as const;
const kinds = { pods: "Pod", configmaps: "ConfigMap", secrets: "Secret" } as const;

type Resource = keyof typeof kinds;

function dose(
  resource: Resource,
  name: string,
  make: () => { readonly metadata?: object; readonly [field: string]: unknown },
  then: Pick<Dose, "check"> & { readonly namespace?: string } = {},
): Dose {
  const place = then.namespace ?? namespace;
  return {
    resource,
    namespace: place,
    name,
    ...then,
    make() {
      const { metadata, ...rest } = make();
      return {
        apiVersion: api[resource],
        kind: kinds[resource],
        metadata: {
          name,
          namespace: place,
          creationTimestamp: "2026-01-02T03:04:05Z",
          ...metadata,
        },
        ...rest,
      };
    },
  };
}

function many<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const container = { name: "main", image: "registry.example.com/app:1" };
const spec = { containers: [container] };

function at(object: unknown, ...path: readonly (string | number)[]): unknown {
  let value: unknown = object;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as { readonly [key: string | number]: unknown })[key];
  }
  return value;
}

function mustBe(what: string, value: unknown, wanted: unknown): string | undefined {
  if (Object.is(value, wanted)) return undefined;
  return `${what} is ${JSON.stringify(value)?.slice(0, 60)}`;
}

/** An object's own member, whatever its name: `__proto__` as a literal would set the prototype. */
function own(entries: readonly (readonly [string, string])[]): object {
  return JSON.parse(
    `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(",")}}`,
  ) as object;
}

function largeObjects(count: number): Poison {
  const filler = "x".repeat(mebibyte * 1.4);
  const annotations = { "example.com/blob": filler };
  const env = [{ name: "BLOB", value: filler }];
  return {
    name: "objects of 1.5 MB",
    doses: many(count, (index) => [
      dose("pods", `large-env-${index}`, () => ({ spec: { containers: [{ ...container, env }] } })),
      dose("pods", `large-annotation-${index}`, () => ({ metadata: { annotations }, spec })),
      dose("configmaps", `large-row-${index}`, () => ({ metadata: { annotations }, data: {} })),
    ]).flat(),
  };
}

/** A Table never has their data; what it has of them is an annotation and who owns which of 2,000 keys. */
function largeConfigMaps(count: number): Poison {
  const keys = many(2000, (index) => `key-${index}`);
  const fields = Object.fromEntries(keys.map((key) => [`f:${key}`, {}]));
  const managedFields = [
    {
      manager: "helm",
      operation: "Update",
      apiVersion: "v1",
      time: "2026-01-02T03:04:05Z",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:data": fields },
    },
  ];
  const data = Object.fromEntries(keys.map((key) => [key, "v".repeat(370)]));
  const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "a".repeat(250_000) };
  return {
    name: "ConfigMaps of 1 MB",
    doses: many(count, (index) =>
      dose(
        "configmaps",
        `megabyte-${index}`,
        () => ({ metadata: { annotations, managedFields }, data }),
        { check: ({ record }) => mustBe("dataCount", at(record, "obsyk", "dataCount"), 2000) },
      ),
    ),
  };
}

function manyNamespaces(namespaces: number, pods: number): Poison {
  return {
    name: `${namespaces} namespaces of ${pods} pods`,
    doses: many(namespaces, (place) =>
      many(pods, (index) =>
        dose("pods", `pod-${index}`, () => ({ spec }), { namespace: `many-${place}` }),
      ),
    ).flat(),
  };
}

const replaced = "\uFFFD";

function badText(): Poison {
  const nul = `a${marks.nul.text}b`;
  const invalid = `a${marks.invalid.text}b`;
  const isClean = (text: unknown): string | undefined =>
    typeof text === "string" &&
    text.startsWith("a") &&
    text.endsWith("b") &&
    text.includes(replaced)
      ? undefined
      : `text is ${JSON.stringify(text)}`;
  const label = ({ record }: InventoryObject): unknown => at(record, "metadata", "labels", "bad");
  return {
    name: "NUL, lone surrogates, invalid UTF-8",
    doses: [
      ...[nul, invalid].flatMap((bad, index) => [
        dose("pods", `bad-label-${index}`, () => ({ metadata: { labels: { bad } }, spec }), {
          check: (held) => isClean(label(held)),
        }),
        dose(
          "pods",
          `bad-image-${index}`,
          () => ({ spec: { containers: [{ ...container, image: bad }] } }),
          { check: ({ record }) => isClean(at(record, "spec", "containers", 0, "image")) },
        ),
        dose("pods", `bad-key-${index}`, () => ({ metadata: { labels: { [bad]: "x" } }, spec }), {
          check: ({ record }) => isClean(Object.keys(at(record, "metadata", "labels") ?? {})[0]),
        }),
      ]),
      ...["a\0b", "a\uD800b", "a\uDC00b", invalid].flatMap((bad, index) =>
        (["secrets", "configmaps"] as const).map((resource) =>
          dose(resource, `bad-row-${index}`, () => ({ metadata: { labels: { bad } } }), {
            check: (held) => isClean(label(held)),
          }),
        ),
      ),
    ],
  };
}

const strangeKeys = ["__proto__", "constructor", "hasOwnProperty", "toString"];

function strangeNames(): Poison {
  const map = own(strangeKeys.map((key) => [key, `value of ${key}`]));
  const check = ({ record }: InventoryObject): string | undefined =>
    strangeKeys
      .map((key) =>
        mustBe(`label ${key}`, at(record, "metadata", "labels", key), `value of ${key}`),
      )
      .find((problem) => problem !== undefined);
  return {
    name: "keys such as __proto__",
    doses: [
      dose("pods", "strange-pod", () => ({ metadata: { labels: map }, spec }), { check }),
      dose("configmaps", "strange-map", () => ({ metadata: { labels: map }, data: map }), {
        check,
      }),
      dose("secrets", "strange-secret", () => ({ metadata: { labels: map }, type: "Opaque" }), {
        check,
      }),
    ],
  };
}

function manyLabels(pods: number): Poison {
  return {
    name: `${pods * 50} label values`,
    doses: many(pods, (index) => {
      const value = (label: number): string => `value-${index * 50 + label}`;
      const labels = (): object =>
        Object.fromEntries(many(50, (label) => [`example.com/label-${label}`, value(label)]));
      return dose("pods", `labelled-${index}`, () => ({ metadata: { labels: labels() }, spec }), {
        check: ({ record }) =>
          mustBe(
            "the last label",
            at(record, "metadata", "labels", "example.com/label-49"),
            value(49),
          ),
      });
    }),
  };
}

function longImages(pods: number): Poison {
  const image = `registry.example.com/${"deep/".repeat(1200)}app:1`;
  return {
    name: "image references of 6 KB",
    doses: many(pods, (index) =>
      dose(
        "pods",
        `long-image-${index}`,
        () => ({ spec: { containers: [{ ...container, image }] } }),
        {
          check: ({ record }) =>
            mustBe(
              "the image",
              at(record, "spec", "containers", 0, "image"),
              image.slice(0, limits.stringChars),
            ) ??
            mustBe(
              "the first truncated path",
              at(record, "obsyk", "truncated", 0),
              "/spec/containers/0/image",
            ),
        },
      ),
    ),
  };
}

function oddTimes(): Poison {
  const times: readonly (readonly [name: string, sent: string | undefined, kept: unknown])[] = [
    ["absent", undefined, undefined],
    ["zero", "0001-01-01T00:00:00Z", undefined],
    ["negative", "1901-02-03T04:05:06Z", "1901-02-03T04:05:06Z"],
    ["1969", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"],
    ["far", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"],
  ];
  return {
    name: "times absent, zero, negative, 1969",
    doses: times.flatMap(([name, creationTimestamp, kept]) =>
      (["pods", "secrets"] as const).map((resource) =>
        dose(
          resource,
          `time-${name}`,
          () => ({ metadata: { creationTimestamp }, ...(resource === "pods" ? { spec } : {}) }),
          {
            check: ({ record }) =>
              mustBe("creationTimestamp", at(record, "metadata", "creationTimestamp"), kept),
          },
        ),
      ),
    ),
  };
}

function longNames(): Poison {
  const name = `long-${"n".repeat(253 - 5)}`;
  const place = `ns-${"n".repeat(63 - 3)}`;
  return {
    name: "names of 253 characters",
    doses: (["pods", "configmaps", "secrets"] as const).map((resource) =>
      dose(resource, name, () => (resource === "pods" ? { spec } : {}), {
        namespace: place,
        check: (held) =>
          mustBe("the record's name", at(held.record, "metadata", "name"), name) ??
          mustBe("the namespace", held.namespace, place),
      }),
    ),
  };
}

/** Within every cap of a string, a map and a key, and larger than a record may be: a stub that says so. */
function refused(): Poison {
  const value = "v".repeat(63);
  const labels = Object.fromEntries(
    many(4000, (index) => [`${"p".repeat(240)}.example.com/label-${index}`, value]),
  );
  const check = ({ name, record }: InventoryObject): string | undefined =>
    mustBe("the stub's name", at(record, "metadata", "name"), name) ??
    mustBe("the stub's truncated path", at(record, "obsyk", "truncated", 0), "") ??
    mustBe("the stub's labels", at(record, "metadata", "labels"), undefined);
  return {
    name: "records above 1 MiB",
    doses: [
      dose("pods", "refused", () => ({ metadata: { labels }, spec }), { check }),
      dose("secrets", "refused", () => ({ metadata: { labels } }), { check }),
      dose("configmaps", "refused", () => ({ metadata: { labels } }), { check }),
      dose("pods", "beside-the-refused", () => ({ spec })),
    ],
  };
}

const sizes = {
  default: { large: 2, configMaps: 40, namespaces: 20, pods: 50, labelled: 100, images: 50 },
  full: { large: 40, configMaps: 5000, namespaces: 200, pods: 500, labelled: 1000, images: 500 },
} as const;

export function poisons(profile: Profile): readonly Poison[] {
  const size = sizes[profile];
  return [
    largeObjects(size.large),
    largeConfigMaps(size.configMaps),
    manyNamespaces(size.namespaces, size.pods),
    badText(),
    strangeNames(),
    manyLabels(size.labelled),
    longImages(size.images),
    oddTimes(),
    longNames(),
    refused(),
  ];
}
