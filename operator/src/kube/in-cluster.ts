/**
 * The service account of the Pod we run in.
 *
 * @module
 */
import { join } from "node:path";
import type { Clock, OutboundTls } from "@obsyk/runtime";
import { KubeError } from "./errors.ts";
import type { ClusterTarget, Credentials } from "./target.ts";
import { openChangingFile, openTokenFile } from "./watched-file.ts";

const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Reads the token again when it is older than 60 s and at once after a 401; trusts what `ca.crt` says for each new
 * connection.
 *
 * @throws {KubeError} `credentials` outside a Pod.
 */
export function openInClusterTarget(options: {
  readonly env: { readonly [name: string]: string | undefined };
  readonly clock: Clock;
  /** Where the token and the CA are mounted. */
  readonly directory?: string;
}): ClusterTarget {
  const host = options.env["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = options.env["KUBERNETES_SERVICE_PORT"] ?? "";
  if (host === "" || port === "") {
    throw new KubeError(
      "credentials",
      "not running in a Pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set. Name a kubeconfig instead",
    );
  }
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (!URL.canParse(server)) {
    throw new KubeError(
      "credentials",
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not form an address",
    );
  }
  const directory = options.directory ?? serviceAccountDirectory;
  return { server: new URL(server), credentials: serviceAccount(directory, options.clock) };
}

function serviceAccount(directory: string, clock: Clock): Credentials {
  const token = openTokenFile(join(directory, "token"), clock);
  const ca = openChangingFile(join(directory, "ca.crt"), "CA bundle");
  let tls: OutboundTls | undefined;
  return {
    authorization: async () => `Bearer ${await token.read()}`,
    async tls() {
      const bundle = await ca.read();
      if (tls?.ca !== bundle) tls = { ca: bundle };
      return tls;
    },
    renew() {
      token.forget();
      ca.forget();
    },
  };
}
