/**
 * Decoders for the bodies of LIST and WATCH answers. Which request each belongs to: `requestFor` in the contract.
 *
 * @module
 */
import type { Mode } from "@obsyk/contract";
import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import { ProtobufList } from "./protobuf-list.ts";
import { ProtobufWatch } from "./protobuf-watch.ts";
import { TableList } from "./table-list.ts";
import type { RowOptions } from "./table-row.ts";
import { TableWatch } from "./table-watch.ts";
import type { Decoder, ListEvent, WatchEvent } from "./types.ts";

export type DecoderOptions = {
  readonly definition: ResourceDefinition;
  readonly mode: Mode;
  /** Mode `counts` only: the namespace that was asked for, which its rows do not tell. */
  readonly namespace?: string;
};

/** @throws {TypeError} when this resource is not read in this mode */
export function createListDecoder(options: DecoderOptions): Decoder<ListEvent> {
  const { definition, mode } = options;
  requireMode(options);
  return isTable(mode) ? new TableList(rowOptions(options)) : new ProtobufList(definition, mode);
}

/** @throws {TypeError} when this resource is not read in this mode */
export function createWatchDecoder(options: DecoderOptions): Decoder<WatchEvent> {
  const { definition, mode } = options;
  requireMode(options);
  return isTable(mode) ? new TableWatch(rowOptions(options)) : new ProtobufWatch(definition, mode);
}

function isTable(mode: Mode): boolean {
  return mode === "keys" || mode === "counts";
}

function rowOptions({ definition, mode, namespace = "" }: DecoderOptions): RowOptions {
  if (mode === "counts" && namespace === "") {
    throw new TypeError(`${definition.resource} in mode counts needs a namespace`);
  }
  return { definition, mode, namespace };
}

function requireMode({ definition, mode }: DecoderOptions): void {
  if (mode === "references" || !definition.modes.includes(mode)) {
    throw new TypeError(`${definition.resource} cannot be read in mode ${mode}`);
  }
}
