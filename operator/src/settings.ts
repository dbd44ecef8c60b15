/** The operator's settings, and the environment it refuses to run in. */
import { namespaceFilterSchema } from "@obsyk/contract";
import { findRefusedVariables, parseSettings, type SettingsOf } from "@obsyk/runtime";
import { findUrlProblem } from "./deliver/platform-url.ts";
import { OperatorSettingError } from "./errors.ts";
import { selectionOf } from "./scope.ts";

export const settingsTable = {
  platformUrl: {
    type: "string",
    env: "OBSYK_PLATFORM_URL",
    flag: "platform-url",
    doc: "Origin of the platform, such as https://obsyk.example.com. It is also the issuer of tokens.",
  },
  clusterName: {
    type: "string",
    env: "OBSYK_CLUSTER_NAME",
    flag: "cluster-name",
    doc: "Name under which people know this cluster.",
  },
  clientId: {
    type: "string",
    env: "OBSYK_CLIENT_ID",
    flag: "client-id",
    doc: "Client id from the registration of this cluster.",
  },
  clientIdFile: {
    type: "string",
    env: "OBSYK_CLIENT_ID_FILE",
    flag: "client-id-file",
    doc: "File that holds the client id, instead of naming it.",
  },
  privateKeyFile: {
    type: "string",
    env: "OBSYK_PRIVATE_KEY_FILE",
    flag: "private-key-file",
    doc: "PEM file with this cluster's ECDSA P-256 private key. It is read again for every token.",
  },
  caFile: {
    type: "string",
    env: "OBSYK_CA_FILE",
    flag: "ca-file",
    doc: "PEM bundle that replaces the system's certificate authorities for the platform.",
  },
  kubeconfig: {
    type: "string",
    env: "OBSYK_KUBECONFIG",
    flag: "kubeconfig",
    doc: "kubeconfig file; without it the service account of the Pod is used.",
  },
  context: {
    type: "string",
    env: "OBSYK_CONTEXT",
    flag: "context",
    doc: "Context of the kubeconfig; its current one when absent.",
  },
  podUid: {
    type: "string",
    env: "OBSYK_POD_UID",
    flag: "pod-uid",
    doc: "uid of the Pod we run in: a restarted container then takes over at once.",
  },
  observeHost: {
    type: "string",
    env: "OBSYK_OBSERVE_HOST",
    flag: "observe-host",
    doc: "Address for /healthz, /readyz and /metrics.",
    default: "0.0.0.0",
  },
  observePort: {
    type: "integer",
    env: "OBSYK_OBSERVE_PORT",
    flag: "observe-port",
    doc: "Port for /healthz, /readyz and /metrics; 0 takes any free one.",
    default: 8081,
    min: 0,
    max: 65_535,
  },
  logLevel: {
    type: "string",
    env: "OBSYK_LOG_LEVEL",
    flag: "log-level",
    doc: "Lowest level that is logged.",
    default: "info",
    choices: ["debug", "info", "warn", "error"],
  },
  resources: {
    type: "list",
    env: "OBSYK_RESOURCES",
    flag: "resources",
    doc: "Resources to collect, separated by commas, as kubectl names them; all when empty.",
    default: [],
  },
  secretsMode: {
    type: "string",
    env: "OBSYK_SECRETS_MODE",
    flag: "secrets-mode",
    doc: "What is read of Secrets: metadata and key names, counts per namespace, names from whoever refers to them (no permission needed), or nothing.",
    default: "keys",
    choices: ["keys", "counts", "references", "off"],
  },
  configMapsMode: {
    type: "string",
    env: "OBSYK_CONFIGMAPS_MODE",
    flag: "configmaps-mode",
    doc: "What is read of ConfigMaps: metadata and key names, counts per namespace, names from whoever refers to them (no permission needed), or nothing.",
    default: "keys",
    choices: ["keys", "counts", "references", "off"],
  },
  namespacesInclude: {
    type: "list",
    env: "OBSYK_NAMESPACES_INCLUDE",
    flag: "namespaces-include",
    doc: "Namespaces to collect from, separated by commas; a * at the end stands for the rest of a name; all when empty. Up to eight whole names are read one by one, so that nothing of others is received.",
    default: [],
  },
  namespacesExclude: {
    type: "list",
    env: "OBSYK_NAMESPACES_EXCLUDE",
    flag: "namespaces-exclude",
    doc: "Namespaces to leave out, in the same form; they win. What they hold is received and dropped.",
    default: [],
  },
  scopeFile: {
    type: "string",
    env: "OBSYK_SCOPE_FILE",
    flag: "scope-file",
    doc: "YAML file with resources (on, off or a mode) and namespaces (include, exclude) that overrides these settings. It is looked at every 2 seconds; a wrong one changes nothing.",
  },
  kubeMinTls: {
    type: "string",
    env: "OBSYK_KUBE_MIN_TLS",
    flag: "kube-min-tls",
    doc: "Oldest TLS version accepted from the API server; 1.2 only for one that offers nothing newer.",
    default: "1.3",
    choices: ["1.2", "1.3"],
  },
  allowHttpLoopback: {
    type: "boolean",
    env: "OBSYK_ALLOW_HTTP_LOOPBACK",
    flag: "allow-http-loopback",
    doc: "For development: allow an http:// platform URL to this machine.",
    default: false,
  },
} as const;

type Required = "platformUrl" | "clusterName" | "privateKeyFile";
type Parsed = SettingsOf<typeof settingsTable>;
export type OperatorSettings = Omit<Parsed, Required> & { readonly [name in Required]: string };

type Source = {
  readonly env: { readonly [name: string]: string | undefined };
  readonly args: readonly string[];
};

/** @throws {SettingsError} that names all that is wrong, missing, contradictory, or set in the environment and refused. */
export function readSettings(source: Source): OperatorSettings {
  const settings = parseSettings(settingsTable, source, (values) => [
    ...findRefusedVariables(source.env, { hasOwnAuthorities: values.caFile !== undefined }),
    ...findMistakes(values),
  ]);
  // The check above refuses what is missing.
  return settings as OperatorSettings;
}

function findMistakes(settings: Parsed): readonly string[] {
  const problems: string[] = [];
  for (const name of ["platformUrl", "clusterName", "privateKeyFile"] as const) {
    if (settings[name] === undefined) problems.push(`${settingsTable[name].env} is missing`);
  }
  if ((settings.clientId === undefined) === (settings.clientIdFile === undefined)) {
    problems.push("exactly one of OBSYK_CLIENT_ID and OBSYK_CLIENT_ID_FILE must be set");
  }
  const { platformUrl, allowHttpLoopback } = settings;
  const urlProblem =
    platformUrl === undefined ? undefined : findUrlProblem(platformUrl, allowHttpLoopback);
  if (urlProblem !== undefined) problems.push(`OBSYK_PLATFORM_URL: ${urlProblem}`);
  return [...problems, ...findScopeMistakes(settings)];
}

function findScopeMistakes(settings: Parsed): readonly string[] {
  const problems: string[] = [];
  const filter = { include: settings.namespacesInclude, exclude: settings.namespacesExclude };
  const filtered = namespaceFilterSchema.safeParse(filter);
  for (const { path, message } of filtered.error?.issues ?? []) {
    const { namespacesInclude, namespacesExclude } = settingsTable;
    const { env } = path[0] === "exclude" ? namespacesExclude : namespacesInclude;
    problems.push(`${env}: entry ${String(path[1])} ${message}`);
  }
  try {
    selectionOf(settings);
  } catch (error) {
    if (!(error instanceof OperatorSettingError)) throw error;
    problems.push(error.message);
  }
  return problems;
}
