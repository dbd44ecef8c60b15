/**
 * What to type to start an operator for a cluster that was just registered.
 *
 * @module
 */
import type { ClusterDetail, Session } from "@obsyk/contract";

/** The shell takes what is between single quotes as it is; a quote inside is closed, escaped and opened again. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const caFile = "obsyk-ca.pem";

/** Complete: with the platform's address and, when the system's certificates do not do, those to trust. */
export function operatorCommand(
  { name, clientId }: Pick<ClusterDetail, "name" | "clientId">,
  { agentUrl, agentCa }: Pick<Session, "agentUrl" | "agentCa">,
): string {
  const ca = agentCa?.trim();
  return [
    ...(ca === undefined ? [] : [`cat > ${caFile} <<'PEM'`, ca, "PEM"]),
    `OBSYK_PLATFORM_URL=${shellQuote(agentUrl)} \\`,
    ...(ca === undefined ? [] : [`OBSYK_CA_FILE=${caFile} \\`]),
    `OBSYK_CLUSTER_NAME=${shellQuote(name)} \\`,
    `OBSYK_CLIENT_ID=${shellQuote(clientId)} \\`,
    `OBSYK_PRIVATE_KEY_FILE=obsyk-key.pem \\`,
    `OBSYK_KUBECONFIG="$HOME/.kube/config" \\`,
    // Any free port: on this machine another operator may have the usual one.
    `OBSYK_OBSERVE_HOST=127.0.0.1 OBSYK_OBSERVE_PORT=0 \\`,
    "npx node operator/src/main.ts",
  ].join("\n");
}
