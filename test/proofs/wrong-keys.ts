/**
 * Each kind of wrong key file, given to the real command, is refused with a message of its own; each accepted form is
 * accepted with the same thumbprint; no output holds a piece of a private key.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { openProcessGuard, type ProcessGuard, type ProofContext, type Prove } from "@obsyk/testkit";
import { dumpDatabase } from "./inspect.ts";
import { startPlatform } from "./system.ts";

type KeyFile = { readonly name: string; readonly bytes: string | Buffer };
type Answer = { readonly code: number | null; readonly out: string; readonly err: string };

const command = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));
const parallel = 3;
/** A shorter piece of base64 may occur by chance. */
const pieceChars = 16;
/** The platform's own bound for a pasted key. */
const maxPastedChars = 4096;

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("wrong-keys");
  const accepted = acceptedFiles();
  const wrong = wrongFiles();
  const answers = await inspectAll([...accepted, ...wrong.flatMap((kind) => kind)], {
    folder: guard.folder,
    context,
  });
  const thumbprints = accepted.map(({ name, bytes }) => {
    const answer = answers.get(name);
    assert.equal(answer?.code, 0, `${name}: exit code ${answer?.code}: ${answer?.err}`);
    assertShowsNothing(name, bytes, answer);
    return /thumbprint {2}(\S+)/.exec(answer.err)?.[1];
  });
  assert.equal(new Set(thumbprints).size, 1, "the same key has the same thumbprint in every form");
  const kinds = new Map<string, string>();
  for (const files of wrong) {
    const messages = files.map(({ name, bytes }) => {
      const answer = answers.get(name);
      assert.equal(answer?.code, 1, `${name}: exit code ${answer?.code}`);
      assertShowsNothing(name, bytes, answer);
      // The code differs anyway: a person reads the sentence.
      const path = join(guard.folder, fileName(name));
      return answer.err
        .replaceAll(path, "FILE")
        .replace(/ \([A-Z0-9_]+\)/, "")
        .trim();
    });
    const [message = "", ...others] = messages;
    const [first] = files;
    for (const other of others)
      assert.equal(other, message, `${first?.name}: one kind, two messages`);
    const earlier = kinds.get(message);
    assert.equal(earlier, undefined, `${first?.name} and ${earlier} share one message: ${message}`);
    kinds.set(message, first?.name ?? "");
  }
  const pasted = await pasteEverywhere(context, guard, [...accepted, ...wrong.flat()]);
  return {
    figure:
      `${kinds.size} kinds of wrong key, ${kinds.size} messages; ${accepted.length} accepted forms, 1 thumbprint; 0 bytes of a key shown; ` +
      `${pasted} private keys pasted at the platform: all refused, none stored or logged`,
    work: answers.size + pasted,
    details: { messages: Object.fromEntries([...kinds].map(([message, name]) => [name, message])) },
  };
};

/** Registers with each file that holds a private key; the platform must refuse it and keep nothing of it (I5). */
async function pasteEverywhere(
  context: ProofContext,
  guard: ProcessGuard,
  files: readonly KeyFile[],
): Promise<number> {
  await using platform = await startPlatform(context, guard);
  const texts = files
    .map(({ name, bytes }) => ({ name, text: bytes.toString() }))
    .filter(({ text }) => text.includes("PRIVATE KEY") && text.length < maxPastedChars);
  for (const [index, { name, text }] of texts.entries()) {
    const answer = await platform.api.tryRegisterClient(`pasted-${index}`, text);
    assert.equal(answer.status, 422, `${name} pasted: ${answer.status} ${answer.text}`);
    assert.match(answer.text, /private-key-received/, `${name} pasted`);
    assert.match(answer.text, /compromised/, `${name} pasted`);
    assertHoldsNothing(answer.text, text, `${name} pasted: the answer`);
  }
  const dump = (await dumpDatabase(platform.dataDir)).toString("latin1");
  assert.match(dump, /CREATE TABLE public\.client\b/, "the dump is one of our database");
  const log = await readFile(platform.logFile, "latin1");
  for (const { name, text } of texts) {
    assertHoldsNothing(dump, text, `${name} pasted: the database`);
    assertHoldsNothing(log, text, `${name} pasted: the log`);
  }
  return texts.length;
}

function assertHoldsNothing(where: string, key: string, what: string): void {
  const secret = key.replaceAll(/-----[^-]*-----|\s|\\n/g, "");
  for (let at = 0; at + pieceChars <= secret.length; at += pieceChars) {
    assert.ok(!where.includes(secret.slice(at, at + pieceChars)), `${what} holds a piece of it`);
  }
}

function acceptedFiles(): KeyFile[] {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sec1 = pem(privateKey, "sec1");
  const pkcs8 = pem(privateKey, "pkcs8");
  const parameters = openssl(["ecparam", "-name", "prime256v1"]);
  return [
    { name: "SEC1", bytes: sec1 },
    { name: "SEC1 after EC PARAMETERS", bytes: parameters + sec1 },
    { name: "PKCS8", bytes: pkcs8 },
    { name: "SEC1 with CRLF", bytes: sec1.replaceAll("\n", "\r\n") },
    { name: "PKCS8 with CRLF", bytes: pkcs8.replaceAll("\n", "\r\n") },
    { name: "a byte order mark", bytes: `\ufeff${pkcs8}` },
    { name: "leading space", bytes: `\n   ${pkcs8}` },
  ];
}

/** One list a kind: all of it gets the same message, and no other kind does. */
function wrongFiles(): KeyFile[][] {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sec1 = pem(privateKey, "sec1");
  const pkcs8 = pem(privateKey, "pkcs8");
  const curve = (namedCurve: string): string =>
    pem(generateKeyPairSync("ec", { namedCurve }).privateKey, "pkcs8");
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const encrypted = privateKey
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
    .toString();
  const explicit = ["-genkey", "-name", "prime256v1", "-noout", "-param_enc", "explicit"];
  const lines = pkcs8.split("\n");
  const files = (...list: (readonly [string, string | Buffer])[]): KeyFile[] =>
    list.map(([name, bytes]) => ({ name, bytes }));
  return [
    files(["empty", ""], ["white space", " \r\n\t"]),
    files(["too large", "A".repeat(20_000)]),
    files(["base64 of PEM", Buffer.from(pkcs8).toString("base64")]),
    files(["literal newlines", pkcs8.replaceAll("\n", String.raw`\n`)]),
    files(["DER", privateKey.export({ type: "sec1", format: "der" })]),
    files(["JWK", JSON.stringify(privateKey.export({ format: "jwk" }))]),
    files(["no PEM", "password123"]),
    files(
      ["cut off", lines.slice(0, -3).join("\n")],
      ["a line lost", lines.filter((_, line) => line !== 1).join("\n")],
    ),
    files(
      ["encrypted PKCS8", encrypted],
      ["encrypted SEC1", openssl(["ec", "-aes128", "-passout", "pass:x"], sec1)],
    ),
    files([
      "OpenSSH",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----\n",
    ]),
    files(
      ["RSA in PKCS8", pem(rsa, "pkcs8")],
      ["RSA in PKCS1", rsa.export({ type: "pkcs1", format: "pem" }).toString()],
    ),
    files(["Ed25519", pem(generateKeyPairSync("ed25519").privateKey, "pkcs8")]),
    files(["X25519", pem(generateKeyPairSync("x25519").privateKey, "pkcs8")]),
    files(["P-384", curve("P-384")]),
    files(["P-521", curve("P-521")]),
    files(["secp256k1", curve("secp256k1")]),
    files(["another curve", curve("brainpoolP256r1")]),
    files(["explicit curve", openssl(["ecparam", ...explicit])]),
    files(["public key", publicKey.export({ type: "spki", format: "pem" }).toString()]),
    files(["certificate", selfSigned()], ["certificate and key", selfSigned() + pkcs8]),
    files(["two keys", sec1 + pkcs8]),
  ];
}

function pem(key: KeyObject, type: "sec1" | "pkcs8"): string {
  return key.export({ type, format: "pem" }).toString();
}

function openssl(args: readonly string[], input?: string): string {
  return execFileSync("openssl", args, { input, stdio: ["pipe", "pipe", "ignore"] }).toString();
}

function selfSigned(): string {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  return openssl(["req", "-x509", ...curve, "-keyout", "/dev/null", "-subj", "/CN=x"]);
}

function fileName(name: string): string {
  return `${name.replaceAll(" ", "-")}.pem`;
}

async function inspectAll(
  files: readonly KeyFile[],
  options: { readonly folder: string; readonly context: ProofContext },
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  const waiting = [...files];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const path = join(options.folder, fileName(file.name));
      await writeFile(path, file.bytes, { mode: 0o600 });
      answers.set(file.name, await inspect(path, options.context));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return answers;
}

async function inspect(path: string, context: ProofContext): Promise<Answer> {
  const child = spawn(
    process.execPath,
    [...context.nodeArguments, command, "key", "inspect", path],
    {
      stdio: ["ignore", "pipe", "pipe"],
      signal: context.signal,
      env: { PATH: "/usr/bin:/bin", ...context.nodeEnvironment },
    },
  );
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

/** The public half is printed on purpose, so pieces that the public key shares don't count. */
function assertShowsNothing(name: string, file: string | Buffer, answer: Answer): void {
  const shown = (answer.out + answer.err).replaceAll(/\s/g, "");
  const secret = file.toString("latin1").replaceAll(/-----[^-]*-----|\s|\\n/g, "");
  const open = answer.out.replaceAll(/\s/g, "");
  for (let at = 0; at + pieceChars <= secret.length; at += 1) {
    const piece = secret.slice(at, at + pieceChars);
    if (open.includes(piece) && answer.code === 0) continue;
    assert.ok(!shown.includes(piece), `${name}: the output shows bytes of the key`);
  }
}
