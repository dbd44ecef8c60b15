/** Public list of this package. */
export { runOperator, type OperatorOptions } from "./app.ts";
export { openKubeconfigTarget, type KubeconfigOptions } from "./kube/kubeconfig.ts";
export { createListDecoder, createWatchDecoder, type DecoderOptions } from "./project/decode.ts";
export * from "./project/types.ts";
export { readSettings, settingsTable, type OperatorSettings } from "./settings.ts";
