/**
 * What is written to an API server so that its answers can be compared. Texts that must not pass are canaries.
 *
 * @module
 */
export type Planned = {
  /** Collection path, for example `/api/v1/namespaces/rich/pods`. */
  readonly path: string;
  readonly object: object;
  /** Written through `/status` afterwards. */
  readonly status?: object;
  /** Deleted in the end; a finalizer keeps it. */
  readonly terminating?: true;
  /** Written through `/ephemeralcontainers` afterwards. */
  readonly ephemeralContainers?: readonly object[];
};

export const namespace = "rich";
export const canary = "CANARY-forbidden";
export const time = "2026-01-02T03:04:05Z";

export const metadata = {
  labels: { app: "rich", "app.kubernetes.io/name": "rich", constructor: "x" },
  annotations: {
    "kubectl.kubernetes.io/last-applied-configuration": canary,
    "prometheus.io/port": "9".repeat(300),
    "meta.helm.sh/release-name": 'quote " and é',
  },
};
