/**
 * What can go wrong before an API server has answered. Messages name the step and the thing and say what to do; they
 * never carry a token, a key or a body.
 *
 * - `kubeconfig`: a file that cannot be used as it is.
 * - `credentials`: a token, certificate or plugin that did not yield credentials.
 * - `transport`: no connection, no TLS, or a connection that broke.
 * - `watchdog`: an answer that stayed away longer than allowed.
 * - `cluster`: the API server speaks for another cluster than before.
 */
export type KubeErrorCode = "kubeconfig" | "credentials" | "transport" | "watchdog" | "cluster";

export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly code: KubeErrorCode;

  constructor(code: KubeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
