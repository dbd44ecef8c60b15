/**
 * Services, ingresses and network policies.
 *
 * @module
 */
import { age, column, cutList, none, textColumn, unset, wide, type Column } from "./column.ts";
import { listAt, numberAt, scalarAt, textAt, textsAt } from "./read.ts";
import { formatLabels, formatSelector } from "./selector.ts";

/** `80/TCP,443:30443/TCP` */
export function servicePorts(service: unknown): string {
  const ports = listAt(service, "spec", "ports").map((port) => {
    const nodePort = numberAt(port, "nodePort");
    const number = scalarAt(port, "port") ?? "";
    const shown = nodePort === undefined || nodePort === 0 ? number : `${number}:${nodePort}`;
    return `${shown}/${textAt(port, "protocol") ?? "TCP"}`;
  });
  return ports.length === 0 ? none : ports.join(",");
}

/** Addresses that a load balancer gave, each once, sorted. */
function balancerAddresses(record: unknown): readonly string[] {
  const granted = listAt(record, "status", "loadBalancer", "ingress").flatMap((entry) => {
    const address = textAt(entry, "ip") ?? textAt(entry, "hostname");
    return address === undefined ? [] : [address];
  });
  return [...new Set(granted)].toSorted();
}

/** kubectl's EXTERNAL-IP: what the load balancer got, else the external IPs, else a word for why there is none. */
export function serviceExternalIp(service: unknown): string {
  const type = textAt(service, "spec", "type") ?? "ClusterIP";
  if (type === "ExternalName") return textAt(service, "spec", "externalName") ?? "";
  const external = textsAt(service, "spec", "externalIPs");
  if (type !== "LoadBalancer") return external.join(",") || none;
  return [...balancerAddresses(service), ...external].join(",") || "<pending>";
}

function clusterIp(service: unknown): string {
  const [first] = textsAt(service, "spec", "clusterIPs");
  return first ?? textAt(service, "spec", "clusterIP") ?? none;
}

export const services: readonly Column[] = [
  textColumn("TYPE", ["spec", "type"], "ClusterIP"),
  column("CLUSTER-IP", clusterIp),
  column("EXTERNAL-IP", serviceExternalIp),
  column("PORT(S)", servicePorts),
  age,
  wide("SELECTOR", (record) => formatLabels(record, "spec", "selector")),
];

const shownHosts = 3;

/** As formatHosts counts them: what was cut are rules, also those without a host. */
function ingressHosts(ingress: unknown): string {
  const rules = listAt(ingress, "spec", "rules");
  const hosts: string[] = [];
  for (const rule of rules) {
    const host = textAt(rule, "host");
    if (hosts.length === shownHosts)
      return `${hosts.join(",")} + ${rules.length - shownHosts} more...`;
    if (host !== undefined) hosts.push(host);
  }
  return hosts.join(",") || "*";
}

export const ingresses: readonly Column[] = [
  textColumn("CLASS", ["spec", "ingressClassName"], none),
  column("HOSTS", ingressHosts),
  column("ADDRESS", (record) => balancerAddresses(record).join(",")),
  column("PORTS", (record) => (listAt(record, "spec", "tls").length > 0 ? "80, 443" : "80")),
  age,
];

export const networkPolicies: readonly Column[] = [
  column("POD-SELECTOR", (record) => formatSelector(record, "spec", "podSelector")),
  age,
];

const shownEndpoints = 3;

export const endpointSlices: readonly Column[] = [
  textColumn("ADDRESSTYPE", ["addressType"]),
  column(
    "PORTS",
    (record) =>
      cutList(
        listAt(record, "ports").map((port) => scalarAt(port, "port") ?? textAt(port, "name") ?? ""),
        shownEndpoints,
      ) || unset,
  ),
  column(
    "ENDPOINTS",
    (record) =>
      cutList(
        listAt(record, "endpoints").flatMap((endpoint) => textsAt(endpoint, "addresses")),
        shownEndpoints,
      ) || unset,
  ),
  age,
];

/** Without kubectl's PARAMETERS: parameters of classes are never collected. */
export const ingressClasses: readonly Column[] = [
  textColumn("CONTROLLER", ["spec", "controller"]),
  age,
];
