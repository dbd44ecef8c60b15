/**
 * What changes most often, and is read only when switched on: endpoint slices and events (never their messages).
 *
 * @module
 */
import {
  always,
  bool,
  int32,
  list,
  message,
  microTime,
  omitzero,
  pointer,
  string,
  table,
  time,
} from "../build.ts";
import { objectMeta, objectReference } from "./metadata.ts";

const endpointConditions = table("k8s.io.api.discovery.v1.EndpointConditions", {
  ready: pointer(1, bool),
  serving: pointer(2, bool),
  terminating: pointer(3, bool),
});

const endpoint = table("k8s.io.api.discovery.v1.Endpoint", {
  addresses: omitzero(1, list(string)),
  conditions: always(2, message(endpointConditions)),
  hostname: pointer(3, string),
  targetRef: pointer(4, message(objectReference)),
  nodeName: pointer(6, string),
  zone: pointer(7, string),
});

const endpointPort = table("k8s.io.api.discovery.v1.EndpointPort", {
  name: pointer(1, string),
  protocol: pointer(2, string),
  port: pointer(3, int32),
  appProtocol: pointer(4, string),
});

export const endpointSlice = table("k8s.io.api.discovery.v1.EndpointSlice", {
  metadata: always(1, message(objectMeta)),
  addressType: always(4, string),
  endpoints: omitzero(2, list(message(endpoint))),
  ports: omitzero(3, list(message(endpointPort))),
});

const eventSource = table("k8s.io.api.core.v1.EventSource", {
  component: omitzero(1, string),
  host: omitzero(2, string),
});

const eventSeries = table("k8s.io.api.core.v1.EventSeries", {
  count: omitzero(1, int32),
  lastObservedTime: omitzero(2, microTime),
});

export const event = table("k8s.io.api.core.v1.Event", {
  metadata: always(1, message(objectMeta)),
  involvedObject: always(2, message(objectReference)),
  reason: omitzero(3, string),
  source: always(5, message(eventSource)),
  firstTimestamp: omitzero(6, time),
  lastTimestamp: omitzero(7, time),
  count: omitzero(8, int32),
  type: omitzero(9, string),
  eventTime: omitzero(10, microTime),
  series: pointer(11, message(eventSeries)),
  action: omitzero(12, string),
  related: pointer(13, message(objectReference)),
  reportingComponent: always(14, string),
  reportingInstance: always(15, string),
});
