/**
 * Credentials from files that change while we run: a Pod's service account, kubeconfigs, plugins. Every refusal names
 * what is wrong and never what the file holds.
 */
import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock, type Clock } from "@obsyk/runtime";
import { openInClusterTarget } from "./in-cluster.ts";
import { openKubeconfigTarget, type KubeconfigOptions } from "./kubeconfig.ts";

const { signal } = new AbortController();

type Folder = AsyncDisposable & {
  readonly path: string;
  write(name: string, text: string): Promise<string>;
};

async function openFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "obsyk-kube-"));
  return {
    path,
    async write(name, text) {
      await writeFile(join(path, name), text);
      return join(path, name);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** A clock that a test moves. */
function movableClock(): Clock & { pass(ms: number): void } {
  let passed = 0;
  return {
    ...systemClock,
    now: () => 1_800_000_000_000 + passed,
    monotonic: () => passed,
    pass: (ms) => {
      passed += ms;
    },
  };
}

const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

test("openInClusterTarget: IPv6 addresses get their brackets", async () => {
  await using folder = await openFolder();
  const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
  const target = openInClusterTarget({ env, clock: systemClock, directory: folder.path });
  assert.equal(target.server.href, "https://[fd00::1]:6443/");
});

test("openInClusterTarget: outside a Pod it says so", () => {
  assert.throws(() => openInClusterTarget({ env: {}, clock: systemClock }), {
    code: "credentials",
    message: /not running in a Pod/,
  });
});

test("openInClusterTarget: the token is trimmed, read again after 60 s, and at once after a 401 (pitfall 30)", async () => {
  await using folder = await openFolder();
  const clock = movableClock();
  await folder.write("token", "token-1\n");
  const { credentials } = openInClusterTarget({ env: pod, clock, directory: folder.path });
  assert.equal(await credentials.authorization(signal), "Bearer token-1");
  await folder.write("token", " token-2 \r\n");
  clock.pass(59_000);
  assert.equal(await credentials.authorization(signal), "Bearer token-1");
  clock.pass(2000);
  assert.equal(await credentials.authorization(signal), "Bearer token-2");
  await folder.write("token", "token-3");
  credentials.renew();
  assert.equal(await credentials.authorization(signal), "Bearer token-3");
});

test("openInClusterTarget: a token that cannot be read for a moment stays in use", async () => {
  await using folder = await openFolder();
  const clock = movableClock();
  const path = await folder.write("token", "token-1");
  const { credentials } = openInClusterTarget({ env: pod, clock, directory: folder.path });
  await credentials.authorization(signal);
  await unlink(path);
  clock.pass(61_000);
  assert.equal(await credentials.authorization(signal), "Bearer token-1");
  credentials.renew();
  await assert.rejects(credentials.authorization(signal), {
    message: /token file .*token: ENOENT/,
  });
});

test("openInClusterTarget: a token file that holds anything else is refused without quoting it", async () => {
  await using folder = await openFolder();
  for (const text of ["", "\n", "two words", "bearer\u0000x", "naïve"]) {
    await folder.write("token", text);
    const { credentials } = openInClusterTarget({
      env: pod,
      clock: systemClock,
      directory: folder.path,
    });
    await assert.rejects(credentials.authorization(signal), (error: Error) => {
      assert.match(error.message, /does not hold one token/);
      return text.trim().length < 3 || !error.message.includes(text.trim());
    });
  }
});

test("openInClusterTarget: a rotated CA is used for new connections, an equal one keeps the old", async () => {
  await using folder = await openFolder();
  // As the kubelet does it: a link that is replaced.
  await folder.write("ca-1", "CA one");
  await folder.write("ca-2", "CA two");
  await symlink("ca-1", join(folder.path, "ca.crt"));
  const { credentials } = openInClusterTarget({
    env: pod,
    clock: systemClock,
    directory: folder.path,
  });
  const first = await credentials.tls(signal);
  assert.equal(String(first.ca), "CA one");
  assert.equal(await credentials.tls(signal), first);
  credentials.renew();
  assert.equal(await credentials.tls(signal), first, "the same content needs no new connections");
  await unlink(join(folder.path, "ca.crt"));
  await symlink("ca-2", join(folder.path, "ca.crt"));
  assert.equal(String((await credentials.tls(signal)).ca), "CA two");
});

const base = {
  clusters: [{ name: "c", cluster: { server: "https://localhost:6443/prefix" } }],
  users: [{ name: "u", user: { token: "canary-token" } }],
  contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  "current-context": "x",
};

function optionsFor(path: string, more: Partial<KubeconfigOptions> = {}): KubeconfigOptions {
  return { path, env: { PATH: "/usr/bin:/bin" }, clock: systemClock, ...more };
}

const withUser = (user: object): object => ({ ...base, users: [{ name: "u", user }] });
const withCluster = (cluster: object): object => ({
  ...base,
  clusters: [{ name: "c", cluster: { ...base.clusters[0]!.cluster, ...cluster } }],
});

test("openKubeconfigTarget: a token, a context by name, a server with a path", async () => {
  await using folder = await openFolder();
  const path = await folder.write("config", JSON.stringify(base));
  const target = await openKubeconfigTarget(optionsFor(path));
  assert.equal(target.context, "x");
  assert.equal(target.server.href, "https://localhost:6443/prefix");
  assert.equal(await target.credentials.authorization(signal), "Bearer canary-token");
  assert.deepEqual(await target.credentials.tls(signal), {});
  await assert.rejects(openKubeconfigTarget(optionsFor(path, { context: "y" })), {
    code: "kubeconfig",
    message: /contexts has no entry named "y"; it has "x"/,
  });
});

test("openKubeconfigTarget: inline data, and files relative to the kubeconfig", async () => {
  await using folder = await openFolder();
  const inline = Buffer.from("PEM inline").toString("base64");
  await folder.write("client.crt", "PEM crt");
  await folder.write("client.key", "PEM key");
  await folder.write("token", "file-token\n");
  const config = {
    ...withCluster({ "certificate-authority-data": inline, "tls-server-name": "kube.example" }),
    users: [
      {
        name: "u",
        user: {
          "client-certificate": "client.crt",
          "client-key": "client.key",
          tokenFile: "token",
        },
      },
    ],
  };
  const path = await folder.write("config", JSON.stringify(config));
  const { credentials } = await openKubeconfigTarget(optionsFor(path));
  const { ca, cert, key, servername } = await credentials.tls(signal);
  assert.deepEqual([ca, cert, key].map(String), ["PEM inline", "PEM crt", "PEM key"]);
  assert.equal(servername, "kube.example");
  assert.equal(await credentials.authorization(signal), "Bearer file-token");
  const before = await credentials.tls(signal);
  assert.equal(await credentials.tls(signal), before);
});

const refusals: readonly {
  readonly name: string;
  readonly config: unknown;
  readonly says: RegExp;
}[] = [
  { name: "no context", config: { ...base, "current-context": "" }, says: /no current-context/ },
  { name: "a list", config: [], says: /expected a mapping/ },
  {
    name: "no such user",
    config: { ...base, users: [] },
    says: /users has no entry named "u"; it has none/,
  },
  { name: "plain HTTP", config: withCluster({ server: "http://localhost" }), says: /https:/ },
  { name: "no URL", config: withCluster({ server: "localhost" }), says: /not a URL/ },
  {
    name: "a password in the URL",
    config: withCluster({ server: "https://a:canary-token@h" }),
    says: /user name or password/,
  },
  {
    name: "unverified TLS",
    config: withCluster({ "insecure-skip-tls-verify": true }),
    says: /insecure-skip-tls-verify is not supported: put the cluster's CA/,
  },
  {
    name: "a proxy",
    config: withCluster({ "proxy-url": "http://p" }),
    says: /proxy-url is not supported/,
  },
  {
    name: "a CA that is no base64",
    config: withCluster({ "certificate-authority-data": "%%%" }),
    says: /certificate-authority-data is not base64/,
  },
  {
    name: "half a pair",
    config: withUser({ "client-key-data": "canary-token" }),
    says: /must come together/,
  },
  {
    name: "a password",
    config: withUser({ username: "a", password: "canary-token" }),
    says: /username is not supported/,
  },
  {
    name: "impersonation",
    config: withUser({ token: "canary-token", as: "b" }),
    says: /as is not supported/,
  },
  {
    name: "an auth provider",
    config: withUser({ "auth-provider": { name: "gcp" } }),
    says: /auth-provider is not supported/,
  },
  {
    name: "a plugin of another version",
    config: withUser({
      exec: { command: "x", apiVersion: "client.authentication.k8s.io/v1alpha1" },
    }),
    says: /users "u"\.exec: apiVersion must be/,
  },
  {
    name: "a plugin that asks people",
    config: withUser({
      exec: {
        command: "x",
        apiVersion: "client.authentication.k8s.io/v1",
        interactiveMode: "Always",
      },
    }),
    says: /interactiveMode Always/,
  },
];

for (const { name, config, says } of refusals) {
  test(`openKubeconfigTarget: ${name} is refused by name`, async () => {
    await using folder = await openFolder();
    const path = await folder.write("config", JSON.stringify(config));
    await assert.rejects(openKubeconfigTarget(optionsFor(path)), (error: Error) => {
      assert.match(error.message, says);
      assert.ok(error.message.includes(path));
      assert.ok(!error.message.includes("canary-token"));
      return true;
    });
  });
}

test("openKubeconfigTarget: what is not YAML is refused without quoting it", async () => {
  await using folder = await openFolder();
  const path = await folder.write("config", "token: canary-token\n\t- {");
  await assert.rejects(openKubeconfigTarget(optionsFor(path)), (error: Error) => {
    assert.match(error.message, /not valid YAML/);
    return !error.message.includes("canary-token");
  });
  await assert.rejects(openKubeconfigTarget(optionsFor(join(folder.path, "none"))), /ENOENT/);
  await assert.rejects(
    openKubeconfigTarget(optionsFor(join(folder.path, "none"))),
    /there is no such file/,
  );
});

const apiVersion = "client.authentication.k8s.io/v1";

/** A plugin that counts its runs, keeps what it was told, and prints what `answer` is. */
async function writePlugin(folder: Folder, answer: unknown): Promise<void> {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  await folder.write("answer", text);
  const path = await folder.write(
    "plugin",
    [
      "#!/bin/sh",
      'cd "$(dirname "$0")"',
      "echo run >> runs",
      'printf "%s" "$KUBERNETES_EXEC_INFO" > info',
      'printf "%s" "$EXTRA $1" > given',
      "cat answer",
      "echo canary-on-stderr >&2",
    ].join("\n"),
  );
  await chmod(path, 0o700);
}

async function openPluginTarget(
  folder: Folder,
  clock: Clock,
): Promise<Awaited<ReturnType<typeof openKubeconfigTarget>>> {
  const config = {
    ...withCluster({ "certificate-authority-data": Buffer.from("CA").toString("base64") }),
    users: [
      {
        name: "u",
        user: {
          exec: {
            apiVersion,
            command: "./plugin",
            args: ["first"],
            env: [{ name: "EXTRA", value: "extra" }],
            provideClusterInfo: true,
          },
        },
      },
    ],
  };
  const path = await folder.write("config", JSON.stringify(config));
  return openKubeconfigTarget(optionsFor(path, { clock }));
}

async function runsOf(folder: Folder): Promise<number> {
  return (await readFile(join(folder.path, "runs"), "utf8")).split("\n").length - 1;
}

function credential(status: object): object {
  return { kind: "ExecCredential", apiVersion, status };
}

test("openKubeconfigTarget: a plugin runs once, again before its token expires, and after a 401", async () => {
  await using folder = await openFolder();
  const clock = movableClock();
  const expirationTimestamp = new Date(clock.now() + 600_000).toISOString();
  await writePlugin(folder, credential({ token: "t1", expirationTimestamp }));
  const { credentials } = await openPluginTarget(folder, clock);
  const both = await Promise.all([1, 2].map(() => credentials.authorization(signal)));
  assert.deepEqual(both, ["Bearer t1", "Bearer t1"]);
  assert.equal(await runsOf(folder), 1);
  clock.pass(530_000);
  await credentials.authorization(signal);
  assert.equal(await runsOf(folder), 1);
  clock.pass(20_000);
  await credentials.authorization(signal);
  assert.equal(await runsOf(folder), 2);
  await writePlugin(folder, credential({ token: "t2" }));
  credentials.renew();
  assert.equal(await credentials.authorization(signal), "Bearer t2");
  clock.pass(1e9);
  assert.equal(await credentials.authorization(signal), "Bearer t2", "no expiry, no refresh");
});

test("openKubeconfigTarget: a plugin is told about the cluster, its arguments and environment", async () => {
  await using folder = await openFolder();
  await writePlugin(folder, credential({ clientCertificateData: "PEM c", clientKeyData: "PEM k" }));
  const { credentials } = await openPluginTarget(folder, movableClock());
  const { cert, key } = await credentials.tls(signal);
  assert.deepEqual([cert, key], ["PEM c", "PEM k"]);
  assert.equal(await credentials.authorization(signal), undefined);
  assert.deepEqual(JSON.parse(await readFile(join(folder.path, "info"), "utf8")), {
    kind: "ExecCredential",
    apiVersion,
    spec: {
      interactive: false,
      cluster: {
        server: "https://localhost:6443/prefix",
        "certificate-authority-data": Buffer.from("CA").toString("base64"),
      },
    },
  });
  assert.equal(await readFile(join(folder.path, "given"), "utf8"), "extra first");
});

const badAnswers: readonly { readonly answer: unknown; readonly says: RegExp }[] = [
  { answer: "canary-token", says: /did not print JSON/ },
  { answer: { kind: "Other", apiVersion }, says: /did not print an ExecCredential/ },
  { answer: credential({}), says: /neither a token nor a client certificate/ },
  { answer: credential({ clientCertificateData: "c" }), says: /without its key/ },
];

for (const { answer, says } of badAnswers) {
  test(`openKubeconfigTarget: a plugin's bad answer is refused: ${says.source}`, async () => {
    await using folder = await openFolder();
    await writePlugin(folder, answer);
    const { credentials } = await openPluginTarget(folder, systemClock);
    await assert.rejects(credentials.authorization(signal), (error: Error) => {
      assert.match(error.message, says);
      return !error.message.includes("canary");
    });
  });
}

test("openKubeconfigTarget: a plugin that fails or is missing is named", async () => {
  await using folder = await openFolder();
  const { credentials } = await openPluginTarget(folder, systemClock);
  await assert.rejects(credentials.authorization(signal), /could not be started \(ENOENT\)/);
  const path = await folder.write("plugin", "#!/bin/sh\necho canary\nexit 3\n");
  await chmod(path, 0o700);
  await assert.rejects(credentials.authorization(signal), /ended with exit code 3/);
});

test("openKubeconfigTarget: a plugin that hangs is ended", async () => {
  await using folder = await openFolder();
  const slept: number[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, options) => {
      slept.push(ms);
      return systemClock.sleep(50, options);
    },
  };
  const { credentials } = await openPluginTarget(folder, clock);
  const path = await folder.write("plugin", "#!/bin/sh\nexec sleep 30\n");
  await chmod(path, 0o700);
  await assert.rejects(credentials.authorization(signal), /ended with SIGKILL/);
  assert.deepEqual(slept, [60_000]);
});
