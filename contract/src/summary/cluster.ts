/**
 * Nodes, volumes, quotas, and what Secrets and ConfigMaps let us know.
 *
 * @module
 */
import { dictAt, flagAt, listAt, numberAt, scalarAt, textAt, textsAt } from "../printer/index.ts";
import { conditions, facts, link, mono, table, toned, value, type Section } from "./section.ts";

export function nodeSections(record: unknown): readonly Section[] {
  const info = dictAt(record, "status", "nodeInfo");
  const capacity = dictAt(record, "status", "capacity");
  return [
    ...facts("Node", [
      [
        "Scheduling",
        flagAt(record, "spec", "unschedulable") ? toned("disabled", "warn") : "enabled",
      ],
      ["Kubelet", textAt(info, "kubeletVersion")],
      ["Operating system", textAt(info, "osImage")],
      ["Kernel", textAt(info, "kernelVersion")],
      ["Architecture", textAt(info, "architecture")],
      ["Container runtime", textAt(info, "containerRuntimeVersion")],
      ["Pod CIDRs", textsAt(record, "spec", "podCIDRs").join(", ")],
      ["Provider ID", mono(textAt(record, "spec", "providerID"))],
      ...listAt(record, "status", "addresses").map(
        (one) => [textAt(one, "type") ?? "Address", textAt(one, "address")] as const,
      ),
    ]),
    ...table({
      title: "Capacity",
      headers: ["Resource", "Capacity", "Allocatable"],
      rows: Object.keys(capacity ?? {})
        .toSorted()
        .map((name) => [
          value(name),
          value(scalarAt(capacity, name)),
          value(scalarAt(record, "status", "allocatable", name)),
        ]),
    }),
    ...table({
      title: "Taints",
      headers: ["Key", "Value", "Effect", "Since"],
      rows: listAt(record, "spec", "taints").map((taint) => [
        mono(textAt(taint, "key")),
        value(textAt(taint, "value")),
        toned(textAt(taint, "effect"), "warn"),
        value(textAt(taint, "timeAdded")),
      ]),
    }),
    ...conditions(record),
  ];
}

const qualities: Readonly<Record<string, string>> = {
  exact: "These are all the keys.",
  likely:
    "Most probably all the keys: somebody else may have changed them since they were recorded.",
  partial: "Some of the keys: the rest was set by someone whose fields are not recorded.",
  none: "Nobody recorded who set which key: names are not known.",
};

/** Names of keys come from the record of who manages which field; values are not read at all. */
export function keySections(record: unknown): readonly Section[] {
  const names = textsAt(record, "obsyk", "dataKeys");
  const quality = textAt(record, "obsyk", "dataKeysQuality");
  const count = numberAt(record, "obsyk", "dataCount");
  return [
    ...facts("Keys", [
      ["Type", textAt(record, "type")],
      ["Number of keys", count === undefined ? undefined : String(count)],
      [
        "Names known",
        quality === undefined
          ? undefined
          : quality === "exact"
            ? toned(quality, "good")
            : toned(quality, "warn"),
      ],
      ["What that means", qualities[quality ?? ""]],
    ]),
    ...table({
      title: "Key names",
      headers: ["Key", "Value"],
      rows: names.map((name) => [mono(name), toned("never read", "muted")]),
    }),
  ];
}

export function claimSections(record: unknown): readonly Section[] {
  return [
    ...facts("Claim", [
      ["Volume", link("persistentvolumes", textAt(record, "spec", "volumeName"))],
      ["Class", link("storageclasses.storage.k8s.io", textAt(record, "spec", "storageClassName"))],
      ["Requested", scalarAt(record, "spec", "resources", "requests", "storage")],
      ["Capacity", scalarAt(record, "status", "capacity", "storage")],
      ["Access modes", textsAt(record, "spec", "accessModes").join(", ")],
      ["Volume mode", textAt(record, "spec", "volumeMode")],
    ]),
    ...conditions(record),
  ];
}

export function volumeSections(record: unknown): readonly Section[] {
  const claim = dictAt(record, "spec", "claimRef");
  return facts("Volume", [
    ["Claim", link("persistentvolumeclaims", textAt(claim, "name"), textAt(claim, "namespace"))],
    ["Class", link("storageclasses.storage.k8s.io", textAt(record, "spec", "storageClassName"))],
    ["Capacity", scalarAt(record, "spec", "capacity", "storage")],
    ["Access modes", textsAt(record, "spec", "accessModes").join(", ")],
    ["Reclaim policy", textAt(record, "spec", "persistentVolumeReclaimPolicy")],
    ["Driver", textAt(record, "spec", "csi", "driver")],
  ]);
}

export function quotaSections(record: unknown): readonly Section[] {
  const hard = dictAt(record, "status", "hard") ?? dictAt(record, "spec", "hard");
  return table({
    title: "Quota",
    headers: ["Resource", "Used", "Hard limit"],
    rows: Object.keys(hard ?? {})
      .toSorted()
      .map((name) => [
        value(name),
        value(scalarAt(record, "status", "used", name)),
        value(scalarAt(hard, name)),
      ]),
  });
}
