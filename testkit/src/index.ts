/** Public list of this package. */
export { createCertificates, type Certificates } from "./certificates.ts";
export {
  openScriptedServer,
  type ScriptedReply,
  type ScriptedRequest,
  type ScriptedServer,
} from "./scripted-server.ts";
