/** Prometheus metrics of one process, in a registry of its own so that tests run side by side. */
export { Counter, Gauge, Histogram, Registry } from "prom-client";
