/** Public list of this package. */
export { createCertificates, type Certificates } from "./certificates.ts";
