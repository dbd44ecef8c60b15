import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import {
  generateSigningKey,
  keyProblems,
  parsePublicKey,
  parseSigningKey,
  SigningKeyError,
  type KeyProblem,
} from "./signing-key.ts";

function openssl(args: readonly string[], input?: string): string {
  return execFileSync("openssl", args, { input, stdio: ["pipe", "pipe", "ignore"] }).toString();
}

const sec1 = openssl(["ecparam", "-genkey", "-name", "prime256v1", "-noout"]);
const sec1WithParameters = openssl(["ecparam", "-genkey", "-name", "prime256v1"]);
const pkcs8 = openssl(["pkcs8", "-topk8", "-nocrypt"], sec1);
const publicPem = openssl(["ec", "-pubout"], sec1);
const explicit = openssl([
  "ecparam",
  "-genkey",
  "-name",
  "prime256v1",
  "-noout",
  "-param_enc",
  "explicit",
]);
const explicitWithParameters = openssl([
  "ecparam",
  "-genkey",
  "-name",
  "prime256v1",
  "-param_enc",
  "explicit",
]);
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const rsaPkcs8 = rsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const rsaPkcs1 = rsa.privateKey.export({ format: "pem", type: "pkcs1" }).toString();
const ed25519 = generateKeyPairSync("ed25519")
  .privateKey.export({ format: "pem", type: "pkcs8" })
  .toString();
const x25519 = generateKeyPairSync("x25519")
  .privateKey.export({ format: "pem", type: "pkcs8" })
  .toString();
const encryptedPkcs8 = openssl(["pkcs8", "-topk8", "-passout", "pass:x"], sec1);
const encryptedSec1 = openssl(["ec", "-aes128", "-passout", "pass:x"], sec1);
const curve = (name: string): string => openssl(["ecparam", "-genkey", "-name", name, "-noout"]);
const certificate = openssl([
  "req",
  "-x509",
  "-newkey",
  "ec",
  "-pkeyopt",
  "ec_paramgen_curve:prime256v1",
  "-nodes",
  "-keyout",
  "/dev/null",
  "-subj",
  "/CN=x",
  "-days",
  "1",
]);
const der = execFileSync("openssl", ["ec", "-outform", "DER"], {
  input: sec1,
  stdio: ["pipe", "pipe", "ignore"],
});
const jwk = JSON.stringify(
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
);

const accepted: readonly (readonly [string, string])[] = [
  ["SEC1", sec1],
  ["SEC1 after its EC PARAMETERS block", sec1WithParameters],
  ["PKCS#8", pkcs8],
  ["SEC1 with CRLF", sec1.replaceAll("\n", "\r\n")],
  ["PKCS#8 with CRLF", pkcs8.replaceAll("\n", "\r\n")],
  ["a byte order mark", `\ufeff${pkcs8}`],
  ["leading and trailing space", `\n  ${sec1}\n\n`],
  ["text before the key", `a note\n${pkcs8}`],
];

for (const [why, pem] of accepted) {
  test(`parseSigningKey: accepts ${why}`, () => {
    const file = Buffer.from(pem);
    const key = parseSigningKey(file);
    assert.equal(key.privateKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.match(key.publicKey.thumbprint, /^[A-Za-z0-9_-]{43}$/);
    assert.ok(
      file.every((byte) => byte === 0),
      "the file's bytes are overwritten",
    );
  });
}

const refused: readonly (readonly [string, KeyProblem, string | Buffer])[] = [
  ["an empty file", "KEY_EMPTY", ""],
  ["white space alone", "KEY_EMPTY", " \n\t\n"],
  ["a huge file", "KEY_TOO_LARGE", "x".repeat(17_000)],
  ["base64 of a PEM", "KEY_BASE64_OF_PEM", Buffer.from(pkcs8).toString("base64")],
  ["literal \\n", "KEY_LITERAL_NEWLINES", pkcs8.replaceAll("\n", "\\n")],
  ["DER", "KEY_DER", der],
  ["a JWK", "KEY_JWK", jwk],
  ["any text", "KEY_NOT_PEM", "hello"],
  ["a missing END line", "KEY_TRUNCATED", pkcs8.split("\n").slice(0, 2).join("\n")],
  ["a missing BEGIN line", "KEY_TRUNCATED", pkcs8.split("\n").slice(1).join("\n")],
  [
    "a missing middle line",
    "KEY_TRUNCATED",
    pkcs8
      .split("\n")
      .filter((_, line) => line !== 1)
      .join("\n"),
  ],
  ["a character that is no base64", "KEY_TRUNCATED", pkcs8.replace(/\n[A-Za-z]/, "\n*")],
  ["an encrypted PKCS#8", "KEY_ENCRYPTED", encryptedPkcs8],
  ["an encrypted SEC1", "KEY_ENCRYPTED", encryptedSec1],
  [
    "an OpenSSH key",
    "KEY_OPENSSH",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
  ],
  ["RSA in PKCS#8", "KEY_RSA", rsaPkcs8],
  ["RSA in PKCS#1", "KEY_RSA", rsaPkcs1],
  ["Ed25519", "KEY_ED25519", ed25519],
  ["X25519", "KEY_OTHER_TYPE", x25519],
  ["P-384", "KEY_CURVE_P384", curve("secp384r1")],
  ["P-521", "KEY_CURVE_P521", curve("secp521r1")],
  ["secp256k1", "KEY_CURVE_SECP256K1", curve("secp256k1")],
  ["brainpool", "KEY_CURVE_OTHER", curve("brainpoolP256r1")],
  ["explicit curve parameters", "KEY_EXPLICIT_CURVE", explicit],
  ["explicit parameters in the EC PARAMETERS block", "KEY_EXPLICIT_CURVE", explicitWithParameters],
  ["a public key", "KEY_PUBLIC", publicPem],
  ["a certificate", "KEY_CERTIFICATE", certificate],
  ["a certificate beside the key", "KEY_CERTIFICATE", certificate + sec1],
  ["two keys", "KEY_SEVERAL", sec1 + pkcs8],
];

for (const [why, code, file] of refused) {
  test(`parseSigningKey: refuses ${why} as ${code}`, () => {
    assert.throws(
      () => parseSigningKey(Buffer.from(file)),
      (error) =>
        error instanceof SigningKeyError &&
        error.code === code &&
        error.message === keyProblems[code],
    );
  });
}

test("parseSigningKey: every message is its own", () => {
  assert.equal(new Set(Object.values(keyProblems)).size, Object.keys(keyProblems).length);
});

test("parseSigningKey: SEC1, PKCS#8 and public form of one key have one thumbprint", () => {
  const thumbprint = parsePublicKey(publicPem).thumbprint;
  assert.equal(parseSigningKey(Buffer.from(sec1)).publicKey.thumbprint, thumbprint);
  assert.equal(parseSigningKey(Buffer.from(pkcs8)).publicKey.thumbprint, thumbprint);
});

test("generateSigningKey: gives a key that parseSigningKey accepts", () => {
  const made = generateSigningKey();
  assert.equal(parseSigningKey(made.privatePem).publicKey.thumbprint, made.publicKey.thumbprint);
});

const privateKeys: readonly (readonly [string, string])[] = [
  ["SEC1", sec1],
  ["PKCS#8", pkcs8],
  ["an encrypted key", encryptedPkcs8],
  ["RSA", rsaPkcs8],
  ["base64 of a PEM", Buffer.from(pkcs8).toString("base64")],
  ["a key's base64 without its lines", pkcs8.replaceAll(/-----.*-----/g, "")],
  ["base64 of SEC1 DER", der.toString("base64")],
  ["a key relabelled as public", pkcs8.replaceAll("PRIVATE", "PUBLIC")],
  ["a JWK", jwk],
  ["a public key with the private one behind it", publicPem + sec1],
];

for (const [why, text] of privateKeys) {
  test(`parsePublicKey: recognises ${why} as a private key`, () => {
    assert.throws(
      () => parsePublicKey(text),
      (error) => error instanceof SigningKeyError && error.code === "PRIVATE_KEY_RECEIVED",
    );
  });
}

test("parsePublicKey: accepts a P-256 SubjectPublicKeyInfo with CRLF and spaces", () => {
  assert.equal(
    parsePublicKey(publicPem).pem,
    parsePublicKey(`  ${publicPem.replaceAll("\n", "\r\n")} `).pem,
  );
});

function withPoint(point: Buffer): string {
  const spki = Buffer.concat([
    Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex"),
    point,
  ]);
  return `-----BEGIN PUBLIC KEY-----\n${spki.toString("base64")}\n-----END PUBLIC KEY-----\n`;
}

const wrongPublic: readonly (readonly [string, KeyProblem, string])[] = [
  ["a certificate", "PUBLIC_KEY_EXPECTED", certificate],
  ["text", "PUBLIC_KEY_EXPECTED", "hello"],
  [
    "an RSA public key",
    "KEY_RSA",
    rsa.publicKey.export({ format: "pem", type: "spki" }).toString(),
  ],
  ["P-384", "KEY_CURVE_P384", openssl(["ec", "-pubout"], curve("secp384r1"))],
  [
    "explicit parameters",
    "KEY_EXPLICIT_CURVE",
    openssl(["ec", "-pubout", "-param_enc", "explicit"], sec1),
  ],
  [
    "a compressed point",
    "PUBLIC_KEY_EXPECTED",
    openssl(["ec", "-pubout", "-conv_form", "compressed"], sec1),
  ],
  [
    "a point that is not on the curve",
    "POINT_INVALID",
    withPoint(Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)])),
  ],
  ["two public keys", "PUBLIC_KEY_EXPECTED", publicPem + publicPem],
];

for (const [why, code, text] of wrongPublic) {
  test(`parsePublicKey: refuses ${why} as ${code}`, () => {
    assert.throws(
      () => parsePublicKey(text),
      (error) => error instanceof SigningKeyError && error.code === code,
    );
  });
}
