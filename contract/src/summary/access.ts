/**
 * Roles, bindings and service accounts.
 *
 * @module
 */
import { dictAt, flagAt, listAt, selectorText, textAt, textsAt } from "../printer/index.ts";
import { facts, link, mono, table, toned, value, type Section, type Value } from "./section.ts";

const rbac = "rbac.authorization.k8s.io";

/** A star grants everything that is there now or ever will be. */
function granted(texts: readonly string[]): Value {
  const text = texts.join(", ");
  return texts.includes("*") ? toned(text, "warn") : value(text);
}

function groupNames(rule: unknown): Value {
  return granted(
    listAt(rule, "apiGroups").flatMap((group) =>
      typeof group === "string" ? [group === "" ? "core" : group] : [],
    ),
  );
}

export function roleSections(record: unknown): readonly Section[] {
  const aggregated = listAt(record, "aggregationRule", "clusterRoleSelectors");
  return [
    ...table({
      title: "Rules",
      headers: ["Verbs", "Resources", "API groups", "Names", "URLs"],
      rows: listAt(record, "rules").map((rule) => [
        granted(textsAt(rule, "verbs")),
        granted(textsAt(rule, "resources")),
        groupNames(rule),
        value(textsAt(rule, "resourceNames").join(", ")),
        granted(textsAt(rule, "nonResourceURLs")),
      ]),
    }),
    ...table({
      title: "Aggregates the rules of",
      headers: ["ClusterRoles with labels"],
      rows: aggregated.map((selector) => [mono(selectorText(selector) || "any")]),
    }),
  ];
}

function subject(one: unknown, fallback: string | undefined): readonly Value[] {
  const kind = textAt(one, "kind");
  const name = textAt(one, "name");
  const namespace = textAt(one, "namespace") ?? fallback;
  if (kind !== "ServiceAccount") return [value(kind), value(name), value(undefined)];
  return [value(kind), link("serviceaccounts", name, namespace), value(namespace)];
}

export function bindingSections(
  record: unknown,
  namespace: string | undefined,
): readonly Section[] {
  const kind = textAt(record, "roleRef", "kind");
  const name = textAt(record, "roleRef", "name");
  const role =
    kind === "Role" ? link(`roles.${rbac}`, name, namespace) : link(`clusterroles.${rbac}`, name);
  return [
    ...facts("Grants", [
      ["Role", role],
      ["Kind of role", kind],
      ["Holds in", namespace === undefined ? "the whole cluster" : `namespace ${namespace}`],
    ]),
    ...table({
      title: "Subjects",
      headers: ["Kind", "Name", "Namespace"],
      rows: listAt(record, "subjects").map((one) => subject(one, namespace)),
    }),
  ];
}

export function serviceAccountSections(
  record: unknown,
  namespace: string | undefined,
): readonly Section[] {
  const automount = flagAt(record, "automountServiceAccountToken");
  return [
    ...facts("Service account", [
      [
        "Token in pods",
        automount === false
          ? "not mounted"
          : automount === true
            ? "mounted"
            : "mounted (default), unless the pod says otherwise",
      ],
    ]),
    ...table({
      title: "Secrets",
      headers: ["Secret", "For"],
      rows: [
        ...listAt(record, "secrets").map((one) => [
          link("secrets", textAt(one, "name"), namespace),
          value("token"),
        ]),
        ...listAt(record, "imagePullSecrets").map((one) => [
          link("secrets", textAt(one, "name"), namespace),
          value("pulling images"),
        ]),
      ],
    }),
  ];
}

export function webhookSections(record: unknown): readonly Section[] {
  return table({
    title: "Webhooks",
    headers: ["Name", "On failure", "Side effects", "Match", "Calls", "Rules"],
    rows: listAt(record, "webhooks").map((hook) => {
      const policy = textAt(hook, "failurePolicy");
      const service = dictAt(hook, "clientConfig", "service");
      return [
        value(textAt(hook, "name")),
        policy === "Ignore" ? toned(policy, "warn") : value(policy),
        value(textAt(hook, "sideEffects")),
        value(textAt(hook, "matchPolicy")),
        service === undefined
          ? value(undefined)
          : link("services", textAt(service, "name"), textAt(service, "namespace")),
        value(
          listAt(hook, "rules")
            .map(
              (rule) =>
                `${textsAt(rule, "operations").join("|")} ${textsAt(rule, "resources").join(",")}`,
            )
            .join("; "),
        ),
      ];
    }),
  });
}
