/** Public list of this package. */
export { createListDecoder, createWatchDecoder, type DecoderOptions } from "./project/decode.ts";
export * from "./project/types.ts";
