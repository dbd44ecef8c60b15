/** A certificate authority of one test, and what it issues for servers on this machine. */
import { createAuthority } from "./authority.ts";

/** PEM texts; keys are PKCS#8. */
export type Certificates = {
  readonly ca: string;
  /** For `localhost` and `127.0.0.1`. */
  readonly cert: string;
  readonly key: string;
};

/** A fresh authority and one server certificate, valid from five minutes ago for a week. */
export async function createCertificates(): Promise<Certificates> {
  const authority = await createAuthority("obsyk-test");
  return { ca: authority.cert, ...(await authority.issueServer()) };
}
