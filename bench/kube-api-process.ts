/**
 * A simulated API server in a process of its own, so that its memory and CPU are not the operator's. Arguments: seed and
 * number of pods. Tells its parent where it is.
 *
 * @module
 */
import { resources } from "@obsyk/contract/allow-list";
import { createCertificates, generateCluster, openKubeApi, shapeForPods } from "@obsyk/testkit";

export type Simulated = {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly kubeconfig: string;
  readonly pods: number;
  readonly objects: number;
  /** Mean bytes of a pod's JSON. */
  readonly podBytes: number;
};

const [, , seed = "1", pods = "1000"] = process.argv;
const token = "bench";
const certificates = await createCertificates();
const cluster = generateCluster({
  seed: Number(seed),
  shape: shapeForPods(Number(pods)),
  now: () => Date.now(),
});
const api = await openKubeApi({ store: cluster.store, certificates, token, cachesEncodings: true });
const stored = cluster.store.list("pods");
const message: Simulated = {
  url: api.url,
  ca: certificates.ca,
  token,
  kubeconfig: api.kubeconfig(),
  pods: stored.length,
  objects: resources.reduce((sum, one) => sum + cluster.store.count(one.resource), 0),
  podBytes: Math.round(stored.reduce((sum, pod) => sum + pod.json.length, 0) / stored.length),
};
process.send?.(message);
process.once("disconnect", () => void api[Symbol.asyncDispose]());
