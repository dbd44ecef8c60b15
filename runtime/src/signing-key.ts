/**
 * The operator's key: one ECDSA P-256 private key in a PEM file. OpenSSL's own errors are the same for five causes, so
 * every wrong file is recognised before it is parsed and gets its own message.
 *
 * @module
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
} from "node:crypto";
import { decodePemBody, readPemBlocks, type PemBlock } from "./pem.ts";

export type SigningKey = {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
};

export type PublicKey = {
  readonly key: KeyObject;
  /** SubjectPublicKeyInfo, PEM. */
  readonly pem: string;
  /** RFC 7638: SHA-256 of the canonical JWK, base64url, 43 characters. */
  readonly thumbprint: string;
};

export const keyProblems = {
  KEY_EMPTY: "the key file is empty",
  KEY_TOO_LARGE: "the key file is larger than 16 KiB, so it is not one P-256 key",
  KEY_BASE64_OF_PEM: "the key is base64 of a PEM file: decode it once more (base64 -d)",
  KEY_LITERAL_NEWLINES:
    "the key has the two characters \\n where line breaks belong: write real line breaks",
  KEY_DER: "the key is binary (DER): convert it to PEM (openssl pkey -inform DER -in FILE)",
  KEY_JWK: "the key is a JSON Web Key: convert it to PEM (PKCS#8 or SEC1)",
  KEY_NOT_PEM: "the key is not PEM: it has no line -----BEGIN …",
  KEY_TRUNCATED: "the key is cut off or damaged: its -----END line or part of its text is missing",
  KEY_ENCRYPTED:
    "the key is encrypted: decrypt it first (openssl pkey -in FILE -out NEW), a mounted key has no passphrase",
  KEY_OPENSSH: "the key is in OpenSSH's format: make a PEM key with obsyk keygen",
  KEY_RSA: "the key is RSA: an ECDSA P-256 key is needed, make one with obsyk keygen",
  KEY_ED25519: "the key is Ed25519: an ECDSA P-256 key is needed, make one with obsyk keygen",
  KEY_OTHER_TYPE: "the key is of a type that cannot sign ES256: make one with obsyk keygen",
  KEY_CURVE_P384: "the key is on curve P-384: P-256 is needed, make one with obsyk keygen",
  KEY_CURVE_P521: "the key is on curve P-521: P-256 is needed, make one with obsyk keygen",
  KEY_CURVE_SECP256K1:
    "the key is on curve secp256k1: P-256 (prime256v1) is needed, make one with obsyk keygen",
  KEY_CURVE_OTHER: "the key is not on curve P-256 (prime256v1): make one with obsyk keygen",
  KEY_EXPLICIT_CURVE:
    "the key spells out its curve's parameters instead of naming P-256: make one with obsyk keygen",
  KEY_PUBLIC: "this is the public key: the private one is needed here",
  KEY_CERTIFICATE: "the file holds a certificate: give the private key alone",
  KEY_SEVERAL: "the file holds more than one private key: give one",
  PUBLIC_KEY_EXPECTED:
    "this is not a public key: paste the text from -----BEGIN PUBLIC KEY----- to its END line",
  PRIVATE_KEY_RECEIVED:
    "this is a PRIVATE key. It was not stored. Treat it as compromised: make a new key pair and register only its public key",
  POINT_INVALID: "the public key is not a point on curve P-256",
} as const;

export type KeyProblem = keyof typeof keyProblems;

/** `code` says which of the known mistakes a key file has; the message never repeats any of its bytes. */
export class SigningKeyError extends Error {
  override readonly name = "SigningKeyError";
  readonly code: KeyProblem;

  constructor(code: KeyProblem) {
    super(keyProblems[code]);
    this.code = code;
  }
}

const maxFileBytes = 16 * 1024;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
/** DER of the object identifiers that tell curves apart (SEC 2 §A.2; RFC 5480 §2.1.1.1). */
const primeField = Buffer.from("06072a8648ce3d0101", "hex");
/** SubjectPublicKeyInfo of an uncompressed P-256 point, before its 64 bytes. */
const spkiPrefix = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");
const spkiBytes = 91;

/**
 * Reads a key file's bytes and overwrites them.
 *
 * Accepts SEC1 (with or without its EC PARAMETERS block) and PKCS#8, with CRLF, a byte order mark or leading space.
 *
 * @throws {SigningKeyError} with a code of its own for each kind of wrong file.
 */
export function parseSigningKey(file: Buffer): SigningKey {
  try {
    const block = findPrivateKey(file);
    const der = block.body === undefined ? undefined : decodePemBody(block.body);
    if (der === undefined || der.length === 0) throw new SigningKeyError("KEY_TRUNCATED");
    try {
      return fromDer(der, block.label === "EC PRIVATE KEY" ? "sec1" : "pkcs8");
    } finally {
      der.fill(0);
    }
  } finally {
    file.fill(0);
  }
}

function findPrivateKey(file: Buffer): PemBlock {
  if (file.length > maxFileBytes) throw new SigningKeyError("KEY_TOO_LARGE");
  const blocks = readPemBlocks(file);
  if (blocks.length === 0) throw new SigningKeyError(classifyNonPem(file));
  const keys = blocks.filter((block) => block.label.endsWith("PRIVATE KEY"));
  const [key] = keys;
  if (key === undefined) throw new SigningKeyError(classifyWithoutKey(blocks));
  if (keys.length > 1) throw new SigningKeyError("KEY_SEVERAL");
  if (key.body?.includes("\\n") === true) throw new SigningKeyError("KEY_LITERAL_NEWLINES");
  if (blocks.some((block) => block.label.includes("CERTIFICATE"))) {
    throw new SigningKeyError("KEY_CERTIFICATE");
  }
  if (key.label === "ENCRYPTED PRIVATE KEY" || key.hasHeaders)
    throw new SigningKeyError("KEY_ENCRYPTED");
  if (key.label === "OPENSSH PRIVATE KEY") throw new SigningKeyError("KEY_OPENSSH");
  if (key.label === "RSA PRIVATE KEY") throw new SigningKeyError("KEY_RSA");
  if (key.label !== "EC PRIVATE KEY" && key.label !== "PRIVATE KEY")
    throw new SigningKeyError("KEY_OTHER_TYPE");
  const parameters = blocks.find((block) => block.label === "EC PARAMETERS")?.body;
  if (parameters !== undefined && decodePemBody(parameters)?.includes(primeField) === true) {
    throw new SigningKeyError("KEY_EXPLICIT_CURVE");
  }
  return key;
}

function classifyWithoutKey(blocks: readonly PemBlock[]): KeyProblem {
  if (blocks.some((block) => block.label.endsWith("PUBLIC KEY"))) return "KEY_PUBLIC";
  return blocks.some((block) => block.label.includes("CERTIFICATE"))
    ? "KEY_CERTIFICATE"
    : "KEY_TRUNCATED";
}

function classifyNonPem(file: Buffer): KeyProblem {
  const start = skipBlank(file);
  const rest = file.subarray(start);
  if (rest.length === 0) return "KEY_EMPTY";
  // base64 of "-----BEGIN"
  if (rest.indexOf("LS0tLS1CRUdJTi") === 0) return "KEY_BASE64_OF_PEM";
  if (rest[0] === 0x7b) return "KEY_JWK";
  if (rest[0] === 0x30 && (rest[1] === 0x81 || rest[1] === 0x82 || rest[1] === rest.length - 2))
    return "KEY_DER";
  return rest.includes("-----END ") ? "KEY_TRUNCATED" : "KEY_NOT_PEM";
}

function skipBlank(file: Buffer): number {
  let at = file.indexOf(byteOrderMark) === 0 ? byteOrderMark.length : 0;
  while (at < file.length && (file[at] ?? 0) <= 0x20) at += 1;
  return at;
}

function fromDer(der: Buffer, type: "sec1" | "pkcs8"): SigningKey {
  if (der.includes(primeField)) throw new SigningKeyError("KEY_EXPLICIT_CURVE");
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: der, format: "der", type });
  } catch {
    // OpenSSL's error may quote nothing useful and says the same for every cause.
    throw new SigningKeyError("KEY_TRUNCATED");
  }
  const wrong = wrongType(privateKey);
  if (wrong !== undefined) throw new SigningKeyError(wrong);
  return { privateKey, publicKey: describePublicKey(createPublicKey(privateKey)) };
}

function wrongType(key: KeyObject): KeyProblem | undefined {
  switch (key.asymmetricKeyType) {
    case "ec":
      return wrongCurve(key.asymmetricKeyDetails?.namedCurve);
    case "rsa":
    case "rsa-pss":
      return "KEY_RSA";
    case "ed25519":
      return "KEY_ED25519";
    default:
      return "KEY_OTHER_TYPE";
  }
}

function wrongCurve(curve: string | undefined): KeyProblem | undefined {
  switch (curve) {
    case "prime256v1":
      return undefined;
    case "secp384r1":
      return "KEY_CURVE_P384";
    case "secp521r1":
      return "KEY_CURVE_P521";
    case "secp256k1":
      return "KEY_CURVE_SECP256K1";
    case undefined:
    default:
      return "KEY_CURVE_OTHER";
  }
}

function describePublicKey(key: KeyObject): PublicKey {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const thumbprint = hash("sha256", JSON.stringify({ crv: "P-256", kty: "EC", x, y }), "base64url");
  return { key, pem: key.export({ format: "pem", type: "spki" }).toString(), thumbprint };
}

/**
 * Reads a public key as a person pastes it: PEM, the 91-byte SubjectPublicKeyInfo of a P-256 point and nothing else.
 *
 * @throws {SigningKeyError} `PRIVATE_KEY_RECEIVED` for anything that is or holds a private key: it must not be stored
 * or logged.
 */
export function parsePublicKey(text: string): PublicKey {
  if (looksPrivate(text)) throw new SigningKeyError("PRIVATE_KEY_RECEIVED");
  const blocks = readPemBlocks(Buffer.from(text.slice(0, maxFileBytes), "utf8"));
  const [block] = blocks;
  if (block?.label !== "PUBLIC KEY" || blocks.length !== 1)
    throw new SigningKeyError("PUBLIC_KEY_EXPECTED");
  const der = block.body === undefined ? undefined : decodePemBody(block.body);
  if (der === undefined) throw new SigningKeyError("KEY_TRUNCATED");
  if (der.includes(primeField)) throw new SigningKeyError("KEY_EXPLICIT_CURVE");
  let key: KeyObject;
  try {
    key = createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    // A point that is not on the curve fails here, as does damaged DER.
    const isPoint =
      der.length === spkiBytes && der.subarray(0, spkiPrefix.length).equals(spkiPrefix);
    throw new SigningKeyError(isPoint ? "POINT_INVALID" : "KEY_TRUNCATED");
  }
  const wrong = wrongType(key);
  if (wrong !== undefined) throw new SigningKeyError(wrong);
  if (der.length !== spkiBytes || !der.subarray(0, spkiPrefix.length).equals(spkiPrefix)) {
    throw new SigningKeyError("PUBLIC_KEY_EXPECTED");
  }
  return describePublicKey(key);
}

/** PEM label, JWK member, or DER in base64 of a private key; also each of them in base64 once more. */
function looksPrivate(text: string): boolean {
  if (/PRIVATE KEY/i.test(text) || /"d"\s*:/.test(text)) return true;
  const packed = text.replaceAll(/-----[A-Z ]+-----|\\n|\s/g, "");
  if (packed.length < 40 || !/^[A-Za-z0-9+/_-]+=*$/.test(packed)) return false;
  const bytes = Buffer.from(packed, "base64");
  if (bytes.includes("PRIVATE KEY")) return true;
  try {
    return (["pkcs8", "sec1"] as const).some((type) => isPrivateDer(bytes, type));
  } finally {
    bytes.fill(0);
  }
}

function isPrivateDer(der: Buffer, type: "pkcs8" | "sec1"): boolean {
  try {
    createPrivateKey({ key: der, format: "der", type });
    return true;
  } catch {
    // Not a private key of this form.
    return false;
  }
}

/** A new key pair; the private half as PKCS#8 PEM, for a file of mode 0600 and nothing else. */
export function generateSigningKey(): {
  readonly privatePem: Buffer;
  readonly publicKey: PublicKey;
} {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privatePem: Buffer.from(pair.privateKey.export({ format: "pem", type: "pkcs8" })),
    publicKey: describePublicKey(pair.publicKey),
  };
}
