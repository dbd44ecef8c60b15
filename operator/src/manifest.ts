/**
 * What can leave a cluster with an operator's settings, field by field; its digest is part of every session.
 *
 * @module
 */
import { canonicalize, type Mode } from "@obsyk/contract";
import {
  annotationKeys,
  apiVersionOf,
  collectedFields,
  describeCollection,
  whyKept,
} from "@obsyk/contract/allow-list";
import { manifestDigest, parseSettings } from "@obsyk/runtime";
import { scopeOf, type Scope } from "./scope.ts";
import { checkResources, settingsTable } from "./settings.ts";

export type Manifest = {
  /** SHA-256 in hexadecimal. */
  readonly digest: string;
  /** The only annotation keys whose values are kept. */
  readonly annotations: readonly string[];
  readonly resources: readonly ManifestResource[];
};

export type ManifestResource = {
  readonly resource: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly mode: Mode;
  readonly fields: readonly {
    readonly path: string;
    /** Travels next to the record, not in it. */
    readonly beside: boolean;
    readonly why: string;
  }[];
};

export function digestOf(scope: Scope): string {
  return manifestDigest(canonicalize(describeCollection(scope)));
}

/**
 * @param source the operator's own flags and variables; those about cluster and platform are not needed
 * @throws {SettingsError | OperatorSettingError} for settings that are wrong
 */
export function readManifest(source: {
  readonly env: { readonly [name: string]: string | undefined };
  readonly args: readonly string[];
}): Manifest {
  const settings = parseSettings(settingsTable, source);
  checkResources(settings);
  const scope = scopeOf(settings);
  return {
    digest: digestOf(scope),
    annotations: annotationKeys,
    resources: scope.map(({ definition, mode }) => ({
      resource: definition.resource,
      apiVersion: apiVersionOf(definition),
      kind: definition.kind,
      mode,
      fields: collectedFields({ definition, mode }).map(({ path, beside }) => ({
        path,
        beside,
        why: whyKept(path),
      })),
    })),
  };
}
