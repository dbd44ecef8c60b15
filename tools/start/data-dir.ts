/**
 * What a start leaves for the next one: certificates, the operator's key, its registration, the key that signs access
 * tokens, the simulated cluster's beginning.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateSigningKey } from "@obsyk/runtime";
import { createCertificates, type Certificates } from "@obsyk/testkit";

/** Written whole or not at all. */
export function writePrivate(file: string, content: string | Buffer): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * For us alone to list, for others to pass: PostgreSQL runs as another user when we are root, and its files are below.
 */
export function makeFolder(...parts: readonly string[]): string {
  const folder = join(...parts);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  return folder;
}

export type CertificateFiles = Certificates & {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
};

const dayMs = 86_400_000;

/** The certificates of the last start, or new ones when they are missing or end within a day. */
export async function keepCertificates(folder: string): Promise<CertificateFiles> {
  const caFile = join(folder, "ca.pem");
  const certFile = join(folder, "server.pem");
  const keyFile = join(folder, "server-key.pem");
  if (!areValid([caFile, certFile, keyFile])) {
    const fresh = await createCertificates();
    writePrivate(caFile, fresh.ca);
    writePrivate(certFile, fresh.cert);
    writePrivate(keyFile, fresh.key);
  }
  const [ca, cert, key] = [caFile, certFile, keyFile].map((file) => readFileSync(file, "utf8"));
  return { ca: ca ?? "", cert: cert ?? "", key: key ?? "", caFile, certFile, keyFile };
}

function areValid(files: readonly string[]): boolean {
  if (!files.every((file) => existsSync(file))) return false;
  const until = Date.now() + dayMs;
  return files.slice(0, 2).every((file) => {
    const certificate = new X509Certificate(readFileSync(file));
    return certificate.validToDate.getTime() > until;
  });
}

/** The key that signs access tokens, which a platform on another PostgreSQL wants as a file. @returns that file */
export function keepTokenKey(dataDir: string): string {
  const file = join(dataDir, "token-key.pem");
  if (!existsSync(file)) {
    const { privatePem } = generateSigningKey();
    writePrivate(file, privatePem);
    privatePem.fill(0);
  }
  return file;
}

export type Registration = { readonly clientId: string };

/** One operator's identity: its key, and under which client the platform knows it. */
export class Identity {
  readonly keyFile: string;
  readonly #publicFile: string;
  readonly #clientFile: string;

  constructor(folder: string, cluster: string) {
    const name = encodeURIComponent(cluster);
    this.keyFile = join(folder, `${name}.key.pem`);
    this.#publicFile = join(folder, `${name}.pub.pem`);
    this.#clientFile = join(folder, `${name}.json`);
  }

  /** The public key; a pair is made when there is none. The private key is written for the operator alone to read. */
  publicKey(): string {
    if (!existsSync(this.keyFile) || !existsSync(this.#publicFile)) {
      const { privatePem, publicKey } = generateSigningKey();
      writePrivate(this.keyFile, privatePem);
      privatePem.fill(0);
      writePrivate(this.#publicFile, publicKey.pem);
    }
    return readFileSync(this.#publicFile, "utf8");
  }

  get clientId(): string | undefined {
    if (!existsSync(this.#clientFile)) return undefined;
    return (JSON.parse(readFileSync(this.#clientFile, "utf8")) as Registration).clientId;
  }

  remember(registration: Registration): void {
    writePrivate(this.#clientFile, `${JSON.stringify(registration)}\n`);
  }
}

/** When the simulated cluster began: the same objects again at the next start, not new ones. */
export function keepBeginning(folder: string): number {
  const file = join(folder, "simulated-cluster.json");
  if (!existsSync(file)) writePrivate(file, `${JSON.stringify({ beganMs: Date.now() })}\n`);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly beganMs: number }).beganMs;
}
