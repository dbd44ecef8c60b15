/** Kubeconfig text. JSON is YAML, so that no YAML writer is needed. */
export type KubeconfigUser =
  | { readonly token: string }
  | { readonly cert: string; readonly key: string };

/** A kubeconfig with one cluster, one user and one context; PEM texts are embedded. */
export function formatKubeconfig(options: {
  readonly server: string;
  readonly ca: string;
  readonly user: KubeconfigUser;
}): string {
  const { server, ca, user } = options;
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const credentials =
    "token" in user
      ? { token: user.token }
      : {
          "client-certificate-data": base64(user.cert),
          "client-key-data": base64(user.key),
        };
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server, "certificate-authority-data": base64(ca) } }],
      users: [{ name: "test", user: credentials }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      "current-context": "test",
    },
    undefined,
    2,
  )}\n`;
}
