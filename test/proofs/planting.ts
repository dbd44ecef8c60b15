/**
 * Secrets and ConfigMaps whose every value is a canary, written in every way there is. A canary's tag says how it was
 * written; `K` is kubectl apply, which alone copies values into an annotation.
 */
import { canaryChars, type CanaryFlock, type TestCluster } from "@obsyk/testkit";

export type Planted = {
  readonly resource: "secrets" | "configmaps";
  readonly name: string;
  /** The true key names, sorted. */
  readonly keys: readonly string[];
};

/** Tag of canaries that kubectl apply also puts into its annotation. */
export const annotatedTag = "K";
const annotationKey = "kubectl.kubernetes.io/last-applied-configuration";
const parallel = 8;

type Object = {
  readonly apiVersion: "v1";
  readonly kind: "Secret" | "ConfigMap";
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly data?: { readonly [key: string]: string };
  readonly stringData?: { readonly [key: string]: string };
  readonly binaryData?: { readonly [key: string]: string };
};

type Planting = {
  readonly plane: TestCluster;
  readonly flock: CanaryFlock;
  readonly namespace: string;
};

/** `prefix` distinguishes plantings in one namespace, which must exist. Two objects a way of writing: ten in all. */
export async function plantInEveryWay(planting: Planting, prefix: string): Promise<Planted[]> {
  const planted: Planted[] = [];
  for (const kind of ["Secret", "ConfigMap"] as const) {
    for (const [tag, write] of Object.entries(ways)) {
      const name = `${prefix}-${kind.toLowerCase()}-${tag.toLowerCase()}`;
      const object = makeObject(kind, name, () => planting.flock.next(tag));
      await write(planting, object);
      planted.push(describe(object));
    }
  }
  return planted;
}

/** Many Secrets at once, each with the annotation that kubectl apply writes. */
export function plantAnnotated(
  planting: Planting,
  prefix: string,
  count: number,
): Promise<Planted[]> {
  return plantMany(planting, makeMany(planting, { prefix, count, tag: annotatedTag }), (object) => {
    const annotations = { [annotationKey]: `${JSON.stringify(object)}\n` };
    return { ...object, metadata: { ...object.metadata, annotations } };
  });
}

/** Many Secrets at once, without annotations. */
export function plantPlain(planting: Planting, prefix: string, count: number): Promise<Planted[]> {
  return plantMany(planting, makeMany(planting, { prefix, count, tag: "C" }), (object) => object);
}

function makeMany(
  { flock }: Planting,
  how: { readonly prefix: string; readonly count: number; readonly tag: string },
): Object[] {
  return Array.from({ length: how.count }, (_, index) =>
    makeObject("Secret", `${how.prefix}-${index}`, () => flock.next(how.tag)),
  );
}

async function plantMany(
  planting: Planting,
  objects: readonly Object[],
  finish: (object: Object) => Object,
): Promise<Planted[]> {
  const waiting = [...objects];
  const worker = async (): Promise<void> => {
    for (let object = waiting.shift(); object !== undefined; object = waiting.shift()) {
      await create(planting, finish(object));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return objects.map(describe);
}

function makeObject(kind: Object["kind"], name: string, next: () => string): Object {
  const base = { apiVersion: "v1", kind, metadata: { name } } as const;
  const encoded = (): string => Buffer.from(next()).toString("base64");
  return kind === "Secret"
    ? {
        ...base,
        data: { "tls.key": encoded(), password: encoded() },
        stringData: { token: next(), "config.yaml": `secret: ${next()}\n` },
      }
    : { ...base, data: { level: next() }, binaryData: { "blob.bin": encoded() } };
}

function describe({ kind, metadata, data, stringData, binaryData }: Object): Planted {
  return {
    resource: kind === "Secret" ? "secrets" : "configmaps",
    name: metadata.name,
    keys: Object.keys({ ...data, ...stringData, ...binaryData }).sort(),
  };
}

const ways: { readonly [tag: string]: (planting: Planting, object: Object) => Promise<void> } = {
  C: create,
  async U(planting, object) {
    await create(planting, withoutValues(object));
    await send(planting, object, { method: "PUT" });
  },
  async P(planting, object) {
    await create(planting, withoutValues(object));
    const contentType = "application/merge-patch+json";
    await send(planting, object, { method: "PATCH", contentType });
  },
  async S(planting, object) {
    const contentType = "application/apply-patch+yaml";
    const query = "?fieldManager=applier&force=true";
    await send(planting, object, { method: "PATCH", contentType, query });
  },
  async [annotatedTag]({ plane, namespace }, object) {
    await plane.kubectl(["apply", "-n", namespace, "-f", "-"], JSON.stringify(object));
  },
};

function withoutValues({ apiVersion, kind, metadata }: Object): Object {
  return { apiVersion, kind, metadata };
}

function collectionPath({ namespace }: Planting, { kind }: Object): string {
  return `/api/v1/namespaces/${namespace}/${kind === "Secret" ? "secrets" : "configmaps"}`;
}

async function create(planting: Planting, object: Object): Promise<void> {
  const path = `${collectionPath(planting, object)}?fieldManager=creator`;
  await planting.plane.admin.json({ method: "POST", path, body: object });
}

async function send(
  planting: Planting,
  object: Object,
  how: {
    readonly method: "PUT" | "PATCH";
    readonly contentType?: string;
    readonly query?: string;
  },
): Promise<void> {
  const { method, contentType, query = "?fieldManager=writer" } = how;
  await planting.plane.admin.json({
    method,
    path: `${collectionPath(planting, object)}/${object.metadata.name}${query}`,
    body: object,
    ...(contentType === undefined ? {} : { contentType }),
  });
}

/** The tag inside a canary; `?` when it was cut off. */
export function tagOf(canary: string): string {
  return canary.at(canaryChars - 8) ?? "?";
}
