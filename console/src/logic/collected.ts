/**
 * What is kept of each kind, read from the allow-list itself, and what is never read, with the reason.
 *
 * @module
 */
import type { Mode } from "@obsyk/contract";
import { annotationKeys, findResource, manifestOf, whyKept } from "@obsyk/contract/allow-list";

export type Never = {
  /** Kubernetes' own paths; `[]` is any item of a list, `{}` any entry of a map. */
  readonly fields: readonly string[];
  readonly why: string;
};

const podSpecPaths: ReadonlyMap<string, string> = new Map([
  ["pods", "spec"],
  ["deployments.apps", "spec.template.spec"],
  ["statefulsets.apps", "spec.template.spec"],
  ["daemonsets.apps", "spec.template.spec"],
  ["replicasets.apps", "spec.template.spec"],
  ["jobs.batch", "spec.template.spec"],
  ["cronjobs.batch", "spec.jobTemplate.spec.template.spec"],
]);

function neverOfPods(spec: string): readonly Never[] {
  const each = `${spec}.containers[]`;
  return [
    {
      fields: [`${each}.env[].value`],
      why: "Passwords and tokens are often written there in the open.",
    },
    {
      fields: [`${each}.command`, `${each}.args`],
      why: "Credentials are passed as arguments, too.",
    },
    {
      fields: [
        `${each}.livenessProbe.exec.command`,
        `${each}.livenessProbe.httpGet.httpHeaders`,
        `${each}.lifecycle`,
      ],
      why: "Headers and commands of probes and hooks carry tokens to the place they ask.",
    },
  ];
}

const neverOfResource: ReadonlyMap<string, readonly Never[]> = new Map<string, readonly Never[]>([
  [
    "secrets",
    [
      {
        fields: ["data", "stringData"],
        why: "They are the secret. The API server is asked for a table of metadata and does not send them.",
      },
    ],
  ],
  [
    "configmaps",
    [
      {
        fields: ["data", "binaryData"],
        why: "Configuration holds passwords more often than anybody means it to. The API server is asked for a table of metadata and does not send them.",
      },
    ],
  ],
  [
    "persistentvolumes",
    [
      {
        fields: ["spec.csi.volumeAttributes"],
        why: "Drivers keep account names, keys and addresses of storage there.",
      },
    ],
  ],
  [
    "storageclasses.storage.k8s.io",
    [{ fields: ["parameters"], why: "Drivers keep credentials of their storage there." }],
  ],
  [
    "ingressclasses.networking.k8s.io",
    [{ fields: ["spec.parameters"], why: "Parameters of controllers are never read." }],
  ],
  ...["validating", "mutating"].map((kind): [string, readonly Never[]] => [
    `${kind}webhookconfigurations.admissionregistration.k8s.io`,
    [
      {
        fields: ["webhooks[].clientConfig.url", "webhooks[].clientConfig.caBundle"],
        why: "A URL can hold credentials; certificates say nothing about what the webhook may do.",
      },
    ],
  ]),
  [
    "events",
    [{ fields: ["message"], why: "Free text quotes whatever went wrong, secrets included." }],
  ],
  [
    "nodes",
    [
      {
        fields: ["status.images"],
        why: "Names of every image ever pulled: thousands of lines that nobody asked for.",
      },
    ],
  ],
]);

const always: readonly Never[] = [
  {
    fields: ["metadata.managedFields[].fieldsV1"],
    why: "Who changed the object and when is kept; of which fields, only the names of a Secret's or ConfigMap's keys.",
  },
  {
    fields: ["status.conditions[].message"],
    why: "Free text quotes whatever went wrong, secrets included.",
  },
];

/** The never-list of one kind; every path in it is checked against the allow-list. */
export function neverOf(resource: string): readonly Never[] {
  const spec = podSpecPaths.get(resource);
  return [
    ...(neverOfResource.get(resource) ?? []),
    ...(spec === undefined ? [] : neverOfPods(spec)),
    ...always,
  ];
}

/** Annotations that are kept, by exact key: the same for all kinds. */
export const keptAnnotations: readonly string[] = annotationKeys;

/** Every field that can leave in this mode, beside the record or in it; empty for a kind without a table. */
export function keptFields(resource: string, mode?: Mode): readonly string[] {
  const definition = findResource(resource);
  const first = definition?.modes[0];
  if (definition === undefined || first === undefined) return [];
  const known = mode !== undefined && definition.modes.includes(mode) ? mode : first;
  return manifestOf(definition, known).map(({ path }) => path);
}

export type Kept = { readonly why: string; readonly fields: readonly string[] };

/** The same by the reason for which they are kept, in the order of the fields. */
export function keptByReason(resource: string, mode?: Mode): readonly Kept[] {
  const byReason = new Map<string, string[]>();
  for (const path of keptFields(resource, mode)) {
    const why = whyKept(path);
    byReason.set(why, [...(byReason.get(why) ?? []), path]);
  }
  return [...byReason].map(([why, fields]) => ({ why, fields }));
}
