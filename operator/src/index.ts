/** Public list of this package. */
export { runOperator, type OperatorOptions } from "./app.ts";
export { nodeFlags } from "./flags.ts";
export { readManifest, type Manifest, type ManifestResource } from "./manifest.ts";
export { openKubeconfigTarget, type KubeconfigOptions } from "./kube/kubeconfig.ts";
export { createListDecoder, createWatchDecoder, type DecoderOptions } from "./project/decode.ts";
export * from "./project/types.ts";
export { readSettings, settingsTable, type OperatorSettings } from "./settings.ts";
export {
  previewHashKey,
  runPreview,
  type Preview,
  type PreviewOptions,
  type PreviewedStream,
} from "./preview.ts";
