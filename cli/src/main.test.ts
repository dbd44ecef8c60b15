import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parsePublicKey, parseSigningKey } from "@obsyk/runtime";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "obsyk-cli-"));
after(() => rmSync(folder, { recursive: true }));

function obsyk(...args: readonly string[]): {
  status: number | null;
  stdout: string;
  stderr: string;
} {
  return spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 20_000,
  });
}

test("keygen: writes a usable key of mode 0600 and prints only the public half", () => {
  const { status, stdout, stderr } = obsyk("keygen", "--out", "a.pem");
  assert.equal(status, 0);
  const file = readFileSync(join(folder, "a.pem"));
  assert.equal(statSync(join(folder, "a.pem")).mode & 0o777, 0o600);
  const scalarLine = file.toString().split("\n")[1] ?? "";
  assert.ok(
    !stdout.includes("PRIVATE") && !stdout.includes(scalarLine) && !stderr.includes(scalarLine),
  );
  const { thumbprint } = parsePublicKey(stdout);
  assert.ok(stderr.includes(thumbprint));
  assert.equal(parseSigningKey(file).publicKey.thumbprint, thumbprint);
});

test("keygen: refuses to overwrite, and does with --force", () => {
  writeFileSync(join(folder, "b.pem"), "mine", { mode: 0o644 });
  const refused = obsyk("keygen", "--out", "b.pem");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /b\.pem exists.*--force/);
  assert.equal(readFileSync(join(folder, "b.pem"), "utf8"), "mine");
  assert.equal(obsyk("keygen", "--out", "b.pem", "--force").status, 0);
  assert.equal(statSync(join(folder, "b.pem")).mode & 0o777, 0o600);
  assert.match(readFileSync(join(folder, "b.pem"), "utf8"), /^-----BEGIN PRIVATE KEY-----/);
});

test("keygen: names the file it cannot create", () => {
  const { status, stderr } = obsyk("keygen", "--out", "missing/c.pem");
  assert.equal(status, 1);
  assert.match(stderr, /cannot create missing\/c\.pem: ENOENT/);
});

test("key inspect: prints the thumbprint of a good key and refuses a wrong one with its code", () => {
  obsyk("keygen", "--out", "d.pem");
  const good = obsyk("key", "inspect", "d.pem");
  assert.equal(good.status, 0);
  assert.ok(good.stderr.includes(parsePublicKey(good.stdout).thumbprint));
  writeFileSync(join(folder, "e.pem"), good.stdout);
  const bad = obsyk("key", "inspect", "e.pem");
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /e\.pem: this is the public key.*KEY_PUBLIC/);
});

test("obsyk: wrong usage exits 2 and says what exists", () => {
  const { status, stderr } = obsyk("keygne");
  assert.equal(status, 2);
  assert.match(stderr, /keygen/);
});

test("obsyk: help and version exit 0", () => {
  assert.equal(obsyk("--help").status, 0);
  assert.match(obsyk("--version").stdout, /^\d+\.\d+\.\d+\n$/);
});
