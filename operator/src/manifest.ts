/**
 * What can leave a cluster with an operator's settings, field by field; its digest is part of every session.
 *
 * @module
 */
import type { Mode } from "@obsyk/contract";
import { annotationKeys, apiVersionOf, manifestOf, whyKept } from "@obsyk/contract/allow-list";
import { parseSettings } from "@obsyk/runtime";
import { readFileOfScope } from "./app.ts";
import { digestOf, readOf, selectionOf } from "./scope.ts";
import { settingsTable } from "./settings.ts";

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

/**
 * @param source the operator's own flags and variables; those about cluster and platform are not needed
 * @throws {SettingsError | OperatorSettingError} for settings that are wrong
 */
export async function readManifest(source: {
  readonly env: { readonly [name: string]: string | undefined };
  readonly args: readonly string[];
}): Promise<Manifest> {
  const settings = parseSettings(settingsTable, source);
  const selection = selectionOf(settings, await readFileOfScope(settings));
  return {
    digest: digestOf(selection),
    annotations: annotationKeys,
    resources: readOf(selection).map(({ definition, mode }) => ({
      resource: definition.resource,
      apiVersion: apiVersionOf(definition),
      kind: definition.kind,
      mode,
      fields: manifestOf(definition, mode).map(({ path, beside }) => ({
        path,
        beside,
        why: whyKept(path),
      })),
    })),
  };
}
