/** The operator's settings, and the environment it refuses to run in. */
import { resources } from "@obsyk/contract/allow-list";
import { parseSettings, type SettingsOf } from "@obsyk/runtime";
import { findUrlProblem } from "./deliver/platform-url.ts";
import { OperatorSettingError } from "./errors.ts";

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
    doc: "What is read of Secrets: metadata and key names, counts per namespace, or nothing.",
    default: "keys",
    choices: ["keys", "counts", "off"],
  },
  configMapsMode: {
    type: "string",
    env: "OBSYK_CONFIGMAPS_MODE",
    flag: "configmaps-mode",
    doc: "What is read of ConfigMaps: metadata and key names, counts per namespace, or nothing.",
    default: "keys",
    choices: ["keys", "counts", "off"],
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

/** These change how Node speaks TLS, what it loads or what it writes down, behind the back of every check of ours. */
const refusedVariables = [
  "NODE_OPTIONS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NODE_EXTRA_CA_CERTS",
  "NODE_V8_COVERAGE",
  "NODE_DEBUG",
  "SSLKEYLOGFILE",
  "LD_PRELOAD",
  "OPENSSL_CONF",
] as const;

type Source = {
  readonly env: { readonly [name: string]: string | undefined };
  readonly args: readonly string[];
};

/** @throws {SettingsError} that names all that is wrong, missing, contradictory, or set in the environment and refused. */
export function readSettings(source: Source): OperatorSettings {
  const settings = parseSettings(settingsTable, source, (values) => [
    ...findRefusedVariables(source),
    ...findMistakes(values),
  ]);
  // The check above refuses what is missing.
  return settings as OperatorSettings;
}

function findRefusedVariables({ env }: Source): readonly string[] {
  const dangerous = refusedVariables.filter((name) => {
    if ((env[name] ?? "") === "") return false;
    // A bundle of our own replaces every store, this one included.
    return name !== "NODE_EXTRA_CA_CERTS" || (env["OBSYK_CA_FILE"] ?? "") === "";
  });
  if (dangerous.length === 0) return [];
  return [
    `${dangerous.join(", ")} in the environment can weaken TLS, load code or write secrets down: unset it`,
  ];
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
  return [...problems, ...findUnknownResources(settings), ...findCountsProblems(settings)];
}

type Scoping = Pick<Parsed, "resources" | "secretsMode" | "configMapsMode">;

/** @throws {OperatorSettingError} that names what is not known, and what is. */
export function checkResources(settings: Pick<Scoping, "resources">): void {
  refuse(findUnknownResources(settings));
}

/** @throws {OperatorSettingError} when counting has no namespaces to go by. */
export function checkCounts(settings: Scoping): void {
  refuse(findCountsProblems(settings));
}

function refuse([problem]: readonly string[]): void {
  if (problem !== undefined) throw new OperatorSettingError(problem);
}

function findUnknownResources(settings: Pick<Scoping, "resources">): readonly string[] {
  const known = new Set(resources.map(({ resource }) => resource));
  const unknown = settings.resources.filter((name) => !known.has(name));
  if (unknown.length === 0) return [];
  return [
    `OBSYK_RESOURCES names unknown resources: ${unknown.join(", ").slice(0, 200)}. Known: ${[...known].join(", ")}`,
  ];
}

function findCountsProblems(settings: Scoping): readonly string[] {
  const counts = settings.secretsMode === "counts" || settings.configMapsMode === "counts";
  if (!counts || settings.resources.length === 0 || settings.resources.includes("namespaces")) {
    return [];
  }
  return ["mode counts reads namespace by namespace: add namespaces to OBSYK_RESOURCES"];
}
