/** The cluster of a test that needs a real API server but not to own it. */
import { isStandIn } from "./binary.ts";
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from "./control-plane.ts";
import { testEnvironment } from "./environment.ts";
import { openExistingCluster, type ExistingCluster } from "./existing-cluster.ts";

export type TestCluster = ControlPlane | ExistingCluster;

/**
 * A control plane of our own, or on a stranger's machine without one the cluster behind KUBECONFIG. Namespaces, and
 * objects without a namespace, get names that begin with `prefix`, and are deleted at the end.
 *
 * @throws {ControlPlaneError} when there is neither.
 */
export async function openTestCluster(options: ControlPlaneOptions): Promise<TestCluster> {
  return (await isStandIn(testEnvironment()))
    ? openExistingCluster(options)
    : startControlPlane(options);
}
