/**
 * Volumes, claims and storage classes; Secrets and ConfigMaps by the names of their keys.
 *
 * @module
 */
import {
  age,
  column,
  none,
  own,
  textColumn,
  toned,
  unset,
  wide,
  type Cell,
  type Column,
} from "./column.ts";
import { flagAt, numberAt, scalarAt, textAt, textsAt } from "./read.ts";

const accessModes = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
] as const;

/** In Kubernetes' order, each once; modes it does not know are left out. */
function accessModesText(record: unknown, ...path: readonly string[]): string {
  const modes = textsAt(record, ...path, "accessModes");
  return accessModes
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(",");
}

function phaseOf(record: unknown): Cell {
  if (textAt(record, "metadata", "deletionTimestamp") !== undefined) {
    return { text: "Terminating", tone: "warn" };
  }
  const text = textAt(record, "status", "phase") ?? "";
  const tone =
    text === "Bound" || text === "Available" ? "good" : text === "Failed" ? "bad" : "warn";
  return { text, tone };
}

const isBound = (record: unknown): boolean => textAt(record, "spec", "volumeName") !== undefined;

const attributesClass: Column = textColumn(
  "VOLUMEATTRIBUTESCLASS",
  ["spec", "volumeAttributesClassName"],
  unset,
);

const volumeMode: Column = wide(
  "VOLUMEMODE",
  (record) => textAt(record, "spec", "volumeMode") ?? unset,
);

export const claims: readonly Column[] = [
  toned("STATUS", phaseOf),
  textColumn("VOLUME", ["spec", "volumeName"]),
  {
    ...column("CAPACITY", (record) =>
      isBound(record) ? (scalarAt(record, "status", "capacity", "storage") ?? "0") : "",
    ),
    numeric: true,
  },
  column("ACCESS MODES", (record) => (isBound(record) ? accessModesText(record, "status") : "")),
  textColumn("STORAGECLASS", ["spec", "storageClassName"]),
  attributesClass,
  age,
  volumeMode,
];

function claimOf(record: unknown): string {
  const name = textAt(record, "spec", "claimRef", "name");
  return name === undefined
    ? ""
    : `${textAt(record, "spec", "claimRef", "namespace") ?? ""}/${name}`;
}

export const volumes: readonly Column[] = [
  { ...textColumn("CAPACITY", ["spec", "capacity", "storage"], "0"), numeric: true },
  column("ACCESS MODES", (record) => accessModesText(record, "spec")),
  textColumn("RECLAIM POLICY", ["spec", "persistentVolumeReclaimPolicy"]),
  toned("STATUS", phaseOf),
  column("CLAIM", claimOf),
  textColumn("STORAGECLASS", ["spec", "storageClassName"]),
  attributesClass,
  textColumn("REASON", ["status", "reason"]),
  age,
  volumeMode,
];

export const storageClasses: readonly Column[] = [
  textColumn("PROVISIONER", ["provisioner"]),
  textColumn("RECLAIMPOLICY", ["reclaimPolicy"], "Delete"),
  textColumn("VOLUMEBINDINGMODE", ["volumeBindingMode"], "Immediate"),
  column("ALLOWVOLUMEEXPANSION", (record) =>
    String(flagAt(record, "allowVolumeExpansion") ?? false),
  ),
  age,
];

/** How many keys there are; their names come from managedFields and are shown with their quality. */
const data: Column = {
  ...column("DATA", (record) => {
    const count = numberAt(record, "obsyk", "dataCount");
    return count === undefined ? "" : String(count);
  }),
  numeric: true,
};

const keys: Column = own(
  "KEYS",
  (record) => textsAt(record, "obsyk", "dataKeys").join(", ") || none,
);

export const secrets: readonly Column[] = [textColumn("TYPE", ["type"]), data, age, keys];
export const configMaps: readonly Column[] = [data, age, keys];
