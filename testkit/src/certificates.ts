/** A certificate authority of one test, and what it issues for servers on this machine. */
import "./reflect-metadata.ts";
import { randomBytes } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts; keys are PKCS#8. */
export type Certificates = {
  readonly ca: string;
  /** For `localhost` and `127.0.0.1`. */
  readonly cert: string;
  readonly key: string;
};

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 86_400_000;

/** A fresh authority and one server certificate, valid from five minutes ago for a week. */
export async function createCertificates(): Promise<Certificates> {
  const [caKeys, serverKeys] = await Promise.all([generateKeys(), generateKeys()]);
  const now = Date.now();
  const common = {
    notBefore: new Date(now - 300_000),
    notAfter: new Date(now + 7 * dayMs),
    signingAlgorithm: algorithm,
  };
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: serialNumber(),
    name: `CN=Obsyk test CA ${randomBytes(4).toString("hex")}`,
    keys: caKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const server = await X509CertificateGenerator.create({
    ...common,
    serialNumber: serialNumber(),
    subject: "CN=localhost",
    issuer: ca.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" },
      ]),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", serverKeys.privateKey);
  return {
    ca: ca.toString("pem"),
    cert: server.toString("pem"),
    key: PemConverter.encode(key, "PRIVATE KEY"),
  };
}

function generateKeys() {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

/** A leading 01 keeps the number positive and free of leading zeros. */
function serialNumber(): string {
  return `01${randomBytes(15).toString("hex")}`;
}
