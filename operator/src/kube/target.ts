/**
 * Where an API server is and how we prove to it who we are: what an in-cluster service account and a kubeconfig have in
 * common.
 *
 * @module
 */
import type { OutboundTls } from "@obsyk/runtime";

export type ClusterTarget = {
  /** `https:` always; a path prefix is kept. */
  readonly server: URL;
  readonly credentials: Credentials;
};

export type Credentials = {
  /**
   * Value of the Authorization header for the next request; `undefined` when a client certificate speaks for us.
   *
   * @throws {KubeError} `credentials`
   */
  authorization(signal: AbortSignal): Promise<string | undefined>;
  /**
   * What new connections present and trust. The same object until something changed.
   *
   * @throws {KubeError} `credentials`
   */
  tls(signal: AbortSignal): Promise<OutboundTls>;
  /** After a 401 or a failed verification: nothing read earlier is used again. */
  renew(): void;
};
