/**
 * Services, ingresses and network policies.
 *
 * @module
 */
import {
  dictAt,
  labelsText,
  listAt,
  scalarAt,
  selectorText,
  textAt,
  textsAt,
} from "../printer/index.ts";
import {
  conditions,
  facts,
  link,
  mono,
  table,
  value,
  type Section,
  type Value,
} from "./section.ts";

export function serviceSections(record: unknown): readonly Section[] {
  return [
    ...facts("Service", [
      ["Type", textAt(record, "spec", "type")],
      ["Selector", mono(labelsText(record, "spec", "selector"))],
      ["Cluster IPs", textsAt(record, "spec", "clusterIPs").join(", ")],
      ["External IPs", textsAt(record, "spec", "externalIPs").join(", ")],
      ["External name", textAt(record, "spec", "externalName")],
      ["Load balancer", balancer(record)],
      ["Allowed sources", textsAt(record, "spec", "loadBalancerSourceRanges").join(", ")],
      ["External traffic", textAt(record, "spec", "externalTrafficPolicy")],
      ["Internal traffic", textAt(record, "spec", "internalTrafficPolicy")],
      ["Session affinity", textAt(record, "spec", "sessionAffinity")],
    ]),
    ...table({
      title: "Ports",
      headers: ["Name", "Port", "Target port", "Node port", "Protocol", "Application protocol"],
      rows: listAt(record, "spec", "ports").map((port) => [
        value(textAt(port, "name")),
        value(scalarAt(port, "port")),
        value(scalarAt(port, "targetPort")),
        value(scalarAt(port, "nodePort")),
        value(textAt(port, "protocol") ?? "TCP"),
        value(textAt(port, "appProtocol")),
      ]),
    }),
    ...conditions(record),
  ];
}

function balancer(record: unknown): string {
  return listAt(record, "status", "loadBalancer", "ingress")
    .map((one) => textAt(one, "ip") ?? textAt(one, "hostname") ?? "")
    .join(", ");
}

function backend(holder: unknown, namespace: string | undefined): readonly [Value, Value] {
  const service = dictAt(holder, "service");
  if (service === undefined) {
    const kind = textAt(holder, "resource", "kind");
    const name = textAt(holder, "resource", "name") ?? "";
    return [value(kind === undefined ? undefined : `${kind}/${name}`), value(undefined)];
  }
  const port = scalarAt(service, "port", "number") ?? textAt(service, "port", "name");
  return [link("services", textAt(service, "name"), namespace), value(port)];
}

export function ingressSections(
  record: unknown,
  namespace: string | undefined,
): readonly Section[] {
  const fallback = backend(dictAt(record, "spec", "defaultBackend"), namespace)[0];
  return [
    ...facts("Ingress", [
      [
        "Class",
        link("ingressclasses.networking.k8s.io", textAt(record, "spec", "ingressClassName")),
      ],
      ["Default backend", fallback],
      ["Addresses", balancer(record)],
    ]),
    ...table({
      title: "Rules",
      headers: ["Host", "Path", "Match", "Backend", "Port"],
      rows: listAt(record, "spec", "rules").flatMap((rule) =>
        listAt(rule, "http", "paths").map((path) => {
          const [service, port] = backend(dictAt(path, "backend"), namespace);
          return [
            value(textAt(rule, "host") ?? "*"),
            mono(textAt(path, "path")),
            value(textAt(path, "pathType")),
            service,
            port,
          ];
        }),
      ),
    }),
    ...table({
      title: "TLS",
      headers: ["Hosts", "Secret"],
      rows: listAt(record, "spec", "tls").map((tls) => [
        value(textsAt(tls, "hosts").join(", ") || "all hosts"),
        link("secrets", textAt(tls, "secretName"), namespace),
      ]),
    }),
  ];
}

function peerText(peer: unknown): string {
  const block = textAt(peer, "ipBlock", "cidr");
  if (block !== undefined) {
    const except = textsAt(peer, "ipBlock", "except");
    return except.length === 0 ? block : `${block} except ${except.join(", ")}`;
  }
  const pods = dictAt(peer, "podSelector");
  const namespaces = dictAt(peer, "namespaceSelector");
  const podText = pods === undefined ? "all pods" : `pods ${selectorText(pods) || "(all)"}`;
  if (namespaces === undefined) return podText;
  return `${podText} in namespaces ${selectorText(namespaces) || "(all)"}`;
}

function portText(port: unknown): string {
  const number = scalarAt(port, "port") ?? "all";
  const end = scalarAt(port, "endPort");
  return `${number}${end === undefined ? "" : `–${end}`}/${textAt(port, "protocol") ?? "TCP"}`;
}

function ruleRows(record: unknown, direction: "ingress" | "egress"): readonly (readonly Value[])[] {
  const peers = direction === "ingress" ? "from" : "to";
  return listAt(record, "spec", direction).map((rule) => [
    value(direction),
    value(listAt(rule, peers).map(peerText).join("; ") || "anyone"),
    value(listAt(rule, "ports").map(portText).join(", ") || "all ports"),
  ]);
}

export function networkPolicySections(record: unknown): readonly Section[] {
  const types = textsAt(record, "spec", "policyTypes");
  const rows = [...ruleRows(record, "ingress"), ...ruleRows(record, "egress")];
  const closed = types.filter((type) => listAt(record, "spec", type.toLowerCase()).length === 0);
  return [
    ...facts("Network policy", [
      [
        "Applies to",
        mono(selectorText(record, "spec", "podSelector") || "all pods of the namespace"),
      ],
      ["Restricts", types.join(", ")],
      ["Allows nothing for", closed.join(", ")],
    ]),
    ...table({ title: "Allowed traffic", headers: ["Direction", "Peers", "Ports"], rows }),
  ];
}
