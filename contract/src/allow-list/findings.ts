/**
 * From the evidence in a record to findings for people: where something secret is in the open, how that is known, and
 * how to fix it. A finding never holds content: nobody here has read any. What a record carries (`evidence.ts`):
 *
 * ```json
 * "obsyk": {
 *   "embeddedCopies": ["kubectl.kubernetes.io/last-applied-configuration"],
 *   "literalSecretEnv": [{ "container": "web", "name": "DB_PASSWORD" }]
 * }
 * ```
 *
 * @module
 */
import type { Json, JsonObject } from "../json.ts";
import { embeddedCopySchemes } from "./evidence.ts";

export type FindingKind =
  /** An annotation of a Secret or ConfigMap repeats its content. */
  | "embedded-copy"
  /** A container's variable whose name suggests a secret has its value in the object. */
  | "literal-secret-env"
  /** Helm keeps a release, with all values it was installed with, in a ConfigMap. */
  | "release-in-configmap";

export type Finding = {
  readonly kind: FindingKind;
  /** kubectl's `resource.group` form. */
  readonly resource: string;
  /** `""` for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  /** Within the object: `metadata.annotations["KEY"]`, `container web, variable DB_PASSWORD`. */
  readonly location: string;
  /** How it is known. */
  readonly evidence: string;
  readonly fix: string;
};

type Found = Omit<Finding, "resource" | "namespace" | "name">;

/** What a record tells. @param resource kubectl's `resource.group` form */
export function findingsOf(resource: string, record: JsonObject): readonly Finding[] {
  const metadata = membersOf(record["metadata"]);
  const at = {
    resource,
    namespace: textOf(metadata["namespace"]),
    name: textOf(metadata["name"]),
  };
  const obsyk = membersOf(record["obsyk"]);
  const found: readonly Found[] = [
    ...itemsOf(obsyk["embeddedCopies"]).flatMap((key) => embeddedCopy(textOf(key))),
    ...itemsOf(obsyk["literalSecretEnv"]).map((entry) => literalEnv(membersOf(entry))),
    ...(isRelease(at, membersOf(metadata["labels"])) ? [releaseInConfigMap] : []),
  ];
  return found.map((one) => Object.assign({}, one, at));
}

function embeddedCopy(key: string): readonly Found[] {
  const scheme = embeddedCopySchemes.find((one) => one.key === key);
  if (scheme === undefined) return [];
  const command = `kubectl annotate KIND NAME ${key}-`;
  return [
    {
      kind: "embedded-copy",
      location: `metadata.annotations["${key}"]`,
      evidence: `The annotation is there. ${scheme.writer} writes it, and it repeats what the object holds; its value was not read.`,
      fix:
        fixes.get(key) ?? `Remove the annotation (${command}) and stop its writer from adding it.`,
    },
  ];
}

const fixes: ReadonlyMap<string, string> = new Map([
  [
    "kubectl.kubernetes.io/last-applied-configuration",
    "Apply with kubectl apply --server-side, which writes no copy, then remove the annotation; rotate what was readable.",
  ],
  [
    "kapp.k14s.io/original",
    "Deploy the object with kapp's annotation kapp.k14s.io/disable-original set, then remove the copy; rotate what was readable.",
  ],
  [
    "openshift.io/token-secret.value",
    "Delete the pull secret so that the platform makes a new one with a bound token, and revoke the old token.",
  ],
]);

function literalEnv(entry: JsonObject): Found {
  const name = textOf(entry["name"]);
  return {
    kind: "literal-secret-env",
    location: `container ${textOf(entry["container"])}, variable ${name}`,
    evidence: `The name suggests a secret, and the variable has a literal value; the value was not read. A reference such as $(OTHER) looks the same.`,
    fix: `Put the value into a Secret and refer to it with valueFrom.secretKeyRef; then rotate it: everybody who may read the object could read it.`,
  };
}

const releaseInConfigMap: Found = {
  kind: "release-in-configmap",
  location: "data",
  evidence:
    "Name and labels are those of a Helm release, which holds all values it was installed with; its content was not read.",
  fix: "Let Helm keep releases in Secrets (HELM_DRIVER=secret, its default) and delete the ConfigMap once the release has moved.",
};

function isRelease(at: { readonly resource: string; readonly name: string }, labels: JsonObject) {
  return (
    at.resource === "configmaps" &&
    textOf(labels["owner"]).toLowerCase() === "helm" &&
    at.name.startsWith("sh.helm.release.v1.")
  );
}

function membersOf(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}

function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
