/** Steady random changes of a real cluster: objects are made, changed, deleted and made again. */
import type { ControlPlane } from "@obsyk/testkit";
import { setTimeout as delay } from "node:timers/promises";

export type Churn = AsyncDisposable & {
  /** How many changes the API server accepted so far. */
  changes(): number;
};

/** A kind of object that changes. */
export type Kind = {
  readonly resource: string;
  readonly path: string;
  readonly body: (name: string, revision: number) => object;
};

/** Where all of it happens. */
export const namespace = "churn";
const pauseMs = 20;
const namesPerKind = 60;

const metadata = (name: string, revision: number): object => ({
  name,
  labels: { revision: String(revision) },
});
const pod = { containers: [{ name: "main", image: "registry.example/main:1" }] };
/** What there is of each: enough to be told apart, with its revision as a label. */
export const kinds: readonly Kind[] = [
  {
    resource: "configmaps",
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    body: (name, revision) => ({
      metadata: metadata(name, revision),
      data: { revision: `${revision}` },
    }),
  },
  {
    resource: "secrets",
    path: `/api/v1/namespaces/${namespace}/secrets`,
    body: (name, revision) => ({
      metadata: metadata(name, revision),
      stringData: { revision: `${revision}`, [`key-${revision % 3}`]: "x" },
    }),
  },
  {
    resource: "pods",
    path: `/api/v1/namespaces/${namespace}/pods`,
    body: (name, revision) => ({ metadata: metadata(name, revision), spec: pod }),
  },
  {
    resource: "deployments.apps",
    path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    body: (name, revision) => ({
      metadata: metadata(name, revision),
      spec: {
        replicas: revision % 5,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: pod },
      },
    }),
  },
];

/** Fills the cluster with `namesPerKind` objects a kind, and then changes it until disposed. */
export async function startChurn(plane: ControlPlane, random: () => number): Promise<Churn> {
  const stopping = new AbortController();
  let changes = 0;
  const apply = async (kind: Kind, name: string): Promise<void> => {
    const answer = await plane.admin.send({
      method: "PATCH",
      path: `${kind.path}/${name}?fieldManager=churn`,
      contentType: "application/merge-patch+json",
      body: kind.body(name, changes),
    });
    if (answer.status === 404) {
      const body = kind.body(name, changes);
      await plane.admin.json({ method: "POST", path: kind.path, body });
    } else if (answer.status > 299) throw new Error(`churn: ${answer.status} ${answer.text}`);
    changes += 1;
  };
  const step = async (): Promise<void> => {
    const kind = kinds[Math.floor(random() * kinds.length)];
    if (kind === undefined) return;
    const name = `object-${Math.floor(random() * namesPerKind)}`;
    if (random() < 0.3) {
      const path = `${kind.path}/${name}`;
      const { status } = await plane.admin.send({ method: "DELETE", path });
      if (status === 200) changes += 1;
    } else await apply(kind, name);
  };
  await plane.kubectl(["create", "namespace", namespace]);
  for (const kind of kinds) {
    await Promise.all(Array.from({ length: namesPerKind }, (_, at) => apply(kind, `object-${at}`)));
  }
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await step();
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  // Whoever disposes sees the failure; until then it must not end the process.
  running.catch(() => undefined);
  return {
    changes: () => changes,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
