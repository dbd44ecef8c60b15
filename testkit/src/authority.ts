/** A certificate authority of one test: server certificates for this machine, client certificates for users. */
import "./reflect-metadata.ts";
import { randomBytes, type webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type Extension,
} from "@peculiar/x509";

/** PEM texts; the key is PKCS#8. */
export type IssuedCertificate = { readonly cert: string; readonly key: string };

type ServerCertificateOptions = {
  /** The one DNS name it is for. */
  readonly dnsName?: string;
  /** Over since yesterday. */
  readonly isExpired?: boolean;
  /** The authority has nothing to do with it. */
  readonly isSelfSigned?: boolean;
};

export type Authority = {
  /** The CA's own certificate, PEM. */
  readonly cert: string;
  /** A server certificate for 127.0.0.1 and localhost, unless it is to be wrong. */
  issueServer(options?: ServerCertificateOptions): Promise<IssuedCertificate>;
  /** A client certificate: Kubernetes takes the common name as user, the organization as group. */
  issueClient(user: string, group?: string): Promise<IssuedCertificate>;
};

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 86_400_000;

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const validity = { notBefore: new Date(Date.now() - 300_000), notAfter: inDays(7) };
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name} ${randomBytes(4).toString("hex")}`,
    keys,
    signingAlgorithm: algorithm,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  async function issue(
    subject: string,
    extensions: Extension[],
    { isExpired = false, isSelfSigned = false }: ServerCertificateOptions = {},
  ): Promise<IssuedCertificate> {
    const own = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject,
      issuer: isSelfSigned ? subject : root.subject,
      publicKey: own.publicKey,
      signingKey: isSelfSigned ? own.privateKey : keys.privateKey,
      signingAlgorithm: algorithm,
      ...(isExpired ? { notBefore: inDays(-7), notAfter: inDays(-1) } : validity),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        ...extensions,
      ],
    });
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", own.privateKey);
    return { cert: certificate.toString("pem"), key: PemConverter.encode(pkcs8, "PRIVATE KEY") };
  }
  return {
    cert: root.toString("pem"),
    issueServer: (options = {}) =>
      issue(
        `CN=${options.dnsName ?? "localhost"}`,
        [
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(
            options.dnsName === undefined
              ? [
                  { type: "ip", value: "127.0.0.1" },
                  { type: "dns", value: "localhost" },
                ]
              : [{ type: "dns", value: options.dnsName }],
          ),
        ],
        options,
      ),
    issueClient: (user, group) =>
      issue(group === undefined ? `CN=${user}` : `CN=${user}, O=${group}`, [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ]),
  };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function serial(): string {
  // A leading 01 keeps the number positive and free of leading zeros.
  return `01${randomBytes(15).toString("hex")}`;
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * dayMs);
}
