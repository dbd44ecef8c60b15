import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { parse } from "yaml";
import { apiPaths, newTokenSchema, type ClusterDetail } from "@obsyk/contract";
import { waitFor } from "@obsyk/testkit";
import { openCliStage, waitUntilCurrent } from "./cli-stage.ts";

const stage = await openCliStage();
after(() => stage[Symbol.asyncDispose]());
await waitUntilCurrent(stage);
const { obsyk, server } = stage;
const configFile = join(stage.env["HOME"] ?? "", ".config/obsyk/config.json");

/** Lines of a table, each as its cells. */
const cells = (text: string): string[][] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {3,}/));

const names = (resource: string, cluster: string, namespace?: string): string[] =>
  (stage.clusters.get(cluster)?.store.list(resource) ?? [])
    .filter((object) => namespace === undefined || object.namespace === namespace)
    .map(({ name }) => name)
    .sort();

const somePod = (cluster: string): { readonly name: string; readonly namespace: string } => {
  const pod = stage.clusters.get(cluster)?.store.list("pods").at(-1);
  assert.ok(pod?.namespace !== undefined);
  return { name: pod.name, namespace: pod.namespace };
};

test("login: keeps the session in a file of mode 0600, prints no secret, and a link works once", async () => {
  const link = await stage.createSignInUrl();
  const env = { OBSYK_CONFIG: join(stage.folder, "other/config.json") };
  const first = await obsyk(["login", server], { env, input: link });
  assert.equal(first.code, 0, first.err);
  assert.match(first.err, /signed in to https:\/\/127\.0\.0\.1:\d+ as owner/);
  const kept = await readFile(env.OBSYK_CONFIG, "utf8");
  assert.equal((await stat(env.OBSYK_CONFIG)).mode & 0o777, 0o600);
  const cookie = /"cookie": "[^=]+=([^"]+)"/.exec(kept)?.[1] ?? "";
  assert.ok(cookie.length > 20);
  const token = new URL(link).searchParams.get("token") ?? "";
  for (const text of [first.out, first.err]) {
    assert.ok(!text.includes(cookie) && !text.includes(token));
  }
  const again = await obsyk(["login", link], { env });
  assert.equal(again.code, 3);
  assert.match(again.err, /used before or has expired/);
  assert.ok(!again.err.includes(token));
  assert.equal((await obsyk(["clusters"], { env })).code, 0);
  assert.equal((await obsyk(["logout"], { env })).code, 0);
  assert.ok(!(await readFile(env.OBSYK_CONFIG, "utf8")).includes(cookie));
  const after = await obsyk(["clusters"], { env });
  assert.equal(after.code, 3);
  assert.match(after.err, /not signed in to .*: run obsyk login/);
});

test("login: an API token, pasted or in the environment, signs in and is never printed", async () => {
  const { cookie = "" } =
    /"cookie": "(?<cookie>[^"]+)"/.exec(await readFile(configFile, "utf8"))?.groups ?? {};
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { cookie, origin: server, "content-type": "application/json" };
    const options = { method: "POST", headers, ca: readFileSync(stage.caFile) };
    const sent = request(new URL(apiPaths.tokens, server), options, (response) => {
      text(response).then(resolve, reject);
    });
    sent.on("error", reject);
    sent.end(JSON.stringify({ name: "pipeline", role: "viewer", days: 1 }));
  });
  const { token } = newTokenSchema.parse(JSON.parse(answer));
  const env = { OBSYK_CONFIG: join(stage.folder, "token/config.json") };
  const login = await obsyk(["login", server], { env, input: token });
  assert.equal(login.code, 0, login.err);
  assert.ok(!login.err.includes(token) && !login.out.includes(token));
  assert.equal((await obsyk(["get", "nodes", "-c", "east"], { env })).code, 0);
  const alone = { OBSYK_CONFIG: join(stage.folder, "none.json"), OBSYK_SERVER: server };
  const machine = await obsyk(["clusters", "-o", "name"], {
    env: { ...alone, OBSYK_TOKEN: token },
  });
  assert.match(machine.out, /^east$/m);
  const file = join(stage.folder, "viewer.pem");
  const key = join(stage.folder, "viewer-public.pem");
  await writeFile(key, (await obsyk(["keygen", "--out", file])).out);
  const refused = await obsyk(["register", "more", "--public-key", key], { env });
  assert.equal(refused.code, 3, "a viewer registers nothing");
});

test("login: a link of another platform, plain http and nonsense are refused before anything is sent", async () => {
  const link = await stage.createSignInUrl();
  const elsewhere = await obsyk(["login", "https://127.0.0.1:9"], { input: link });
  assert.deepEqual([elsewhere.code, elsewhere.out], [2, ""]);
  assert.match(elsewhere.err, /belongs to .*nothing was sent/);
  const open = await obsyk(["login", "http://obsyk.example.com"], { input: link });
  assert.equal(open.code, 2);
  assert.match(open.err, /not encrypted/);
  for (const input of ["", "x", `${server}/sign-in`]) {
    assert.equal((await obsyk(["login", server], { input })).code, 2, input);
  }
  const token = await obsyk(["login", server], { input: "obs_wrongwrongwrong" });
  assert.equal(token.code, 3);
  assert.match(token.err, /does not accept this token/);
});

test("obsyk: a file that others may read is not used", async () => {
  await chmod(configFile, 0o644);
  const { code, err } = await obsyk(["clusters"]);
  await chmod(configFile, 0o600);
  assert.equal(code, 1);
  assert.match(err, /chmod 600/);
});

test("obsyk: says how to reach a platform that does not answer, or is not trusted", async () => {
  const away = await obsyk(["clusters", "--server", "https://127.0.0.1:1"]);
  assert.equal(away.code, 4);
  assert.match(away.err, /does not answer \(ECONNREFUSED\)/);
  const untrusted = await obsyk(["clusters"], { env: { OBSYK_CA_FILE: "" } });
  assert.equal(untrusted.code, 4);
  assert.match(untrusted.err, /--ca-file/);
  const nobody = await obsyk(["clusters"], { env: { HOME: stage.folder } });
  assert.equal(nobody.code, 3);
  assert.match(nobody.err, /run obsyk login/);
});

test("clusters: state, as-of and counts; json is the API's answer", async () => {
  await stage.register("later");
  const table = await obsyk(["clusters", "-o", "wide"]);
  const [heading = [], ...rows] = cells(table.out);
  assert.deepEqual(heading.slice(0, 3), ["NAME", "STATE", "AS OF"]);
  assert.deepEqual(
    rows.map(([name, state]) => [name, state]),
    [
      ["east", "connected"],
      ["later", "pending"],
      ["west", "connected"],
    ],
  );
  assert.match(table.out, /^later +pending +never/m);
  const json = await obsyk(["clusters", "east", "-o", "jsonpath={.name} {.nodes}"]);
  assert.equal(json.out, `east ${names("nodes", "east").length}`);
  const total = names("nodes", "east").length;
  assert.ok(heading.includes("DISTRIBUTION") && heading.includes("REGIONS"));
  assert.match(table.out, new RegExp(`^east .* ${total}/${total} `, "m"));
  const { items } = JSON.parse((await obsyk(["clusters", "-o", "json"])).out) as {
    items: ClusterDetail[];
  };
  const [east] = items;
  assert.equal(east?.facts.nodes?.total, total);
  assert.match(east?.manifestDigest ?? "", /^[\w+/=:-]{16,}$/);
  const wrong = await obsyk(["clusters", "eats"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /did you mean east\?/);
});

test("get: kubectl's names, namespaces and columns", async () => {
  const namespace = somePod("east").namespace;
  for (const word of ["po", "pod", "pods", "Pods"]) {
    const { out } = await obsyk(["get", word, "-n", namespace, "-c", "east"]);
    const [heading, ...rows] = cells(out);
    assert.deepEqual(heading, ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    assert.deepEqual(rows.map(([name = ""]) => name).sort(), names("pods", "east", namespace));
  }
  const all = cells((await obsyk(["get", "deployments.apps", "-A"])).out);
  assert.deepEqual(all[0]?.slice(0, 3), ["CLUSTER", "NAMESPACE", "NAME"]);
  const byCluster = all.slice(1).map(([cluster = ""]) => cluster);
  assert.deepEqual(byCluster, byCluster.toSorted());
  assert.equal(
    byCluster.length,
    names("deployments.apps", "east").length + names("deployments.apps", "west").length,
  );
  const several = await obsyk(["get", "ns,no", "-c", "west", "--no-headers"]);
  assert.match(several.out, /^namespace\/default +Active/m);
  assert.match(several.out, /\n\nnode\/control-plane-1 +Ready/);
  assert.ok(!several.out.includes("NAME"));
});

test("get: wide has more columns, --show-labels all labels, names are as kubectl's", async () => {
  const { name, namespace } = somePod("west");
  const place = ["-n", namespace, "-c", "west"];
  const wide = cells((await obsyk(["get", "pod", name, ...place, "-o", "wide"])).out);
  assert.ok(wide[0]?.includes("NODE"));
  const labels = await obsyk(["get", `pod/${name}`, ...place, "--show-labels"]);
  assert.match(labels.out, / LABELS\n.* app=/);
  const printed = await obsyk(["get", "deploy", "-A", "-c", "west", "-o", "name"]);
  assert.deepEqual(
    printed.out.trimEnd().split("\n").sort(),
    names("deployments.apps", "west").map((one) => `deployment.apps/${one}`),
  );
});

test("get: json and yaml are Kubernetes objects with cluster and as-of; jsonpath reads them", async () => {
  const { name, namespace } = somePod("east");
  const place = ["-n", namespace, "-c", "east"];
  const one = JSON.parse((await obsyk(["get", "pod", name, ...place, "-o", "json"])).out) as {
    readonly [key: string]: Record<string, unknown>;
  };
  assert.deepEqual(Object.keys(one).slice(0, 3), ["apiVersion", "kind", "metadata"]);
  assert.equal(one["metadata"]?.["name"], name);
  assert.equal(one["obsyk"]?.["cluster"], "east");
  assert.match(String(one["obsyk"]?.["asOf"]), /^\d{4}-/);
  const yaml = await obsyk(["get", "pods", ...place, "-o", "yaml"]);
  const list = parse(yaml.out) as { kind: string; items: { metadata: { name: string } }[] };
  assert.equal(list.kind, "List");
  assert.deepEqual(
    list.items.map(({ metadata }) => metadata.name).sort(),
    names("pods", "east", namespace),
  );
  assert.match(yaml.out, /creationTimestamp: "\d/, "a time is text, for readers of YAML 1.1 too");
  const template = "{range .items[*]}{.metadata.name}{'\\n'}{end}";
  const read = await obsyk(["get", "pods", ...place, "-o", `jsonpath=${template}`]);
  assert.deepEqual(read.out.trimEnd().split("\n").sort(), names("pods", "east", namespace));
});

test("get: selectors select, and a wrong one is explained", async () => {
  const found = await obsyk(["get", "pods", "-A", "-c", "east", "-l", "app=web", "-o", "name"]);
  const wanted = names("pods", "east").filter((name) => name.startsWith("web-"));
  assert.ok(wanted.length > 0);
  assert.deepEqual(
    found.out.trimEnd().split("\n").sort(),
    wanted.map((name) => `pod/${name}`),
  );
  const wrong = await obsyk(["get", "pods", "-A", "-l", "app in web"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /label selector is wrong at character 8/);
});

test("get: what does not exist exits 1, what is empty says where it looked", async () => {
  const { name, namespace } = somePod("east");
  const place = ["-n", namespace, "-c", "east"];
  const half = await obsyk(["get", "pods", name, "nope", ...place]);
  assert.equal(half.code, 1);
  assert.ok(half.out.includes(name));
  assert.match(half.err, /pods "nope" not found in namespace .* of cluster east/);
  const none = await obsyk(["get", "pods", "-n", "nowhere", "-c", "east"]);
  assert.deepEqual([none.code, none.out], [0, ""]);
  assert.match(none.err, /No resources found in namespace nowhere of cluster east/);
  const waiting = await obsyk(["get", "pods", "-A", "-c", "later"]);
  assert.match(waiting.err, /cluster later: no operator has connected yet/);
  const unknown = await obsyk(["get", "widgets.example.com", "-c", "east"]);
  assert.match(unknown.err, /widgets\.example\.com are not collected/);
});

test("get: wrong usage exits 2 and says what is right", async () => {
  const wrong: readonly (readonly [args: string[], says: RegExp])[] = [
    [["get", "pdos"], /did you mean pods\?/],
    [["get", "pods", "-A", "-n", "shop"], /contradict/],
    [["get", "pods", "a", "-l", "x=y"], /contradict/],
    [["get", "pods", "-o", "jsno"], /did you mean json\?/],
    [["get", "pods", "-o", "jsonpath={.a"], /character 4: expected }/],
    [["get", "pod/a", "b"], /not both/],
    [["gte", "pods"], /Did you mean get\?/],
    [["get", "pods", "--selecter", "a=b"], /Did you mean --selector\?/],
    [["get"], /missing required argument 'resource'/],
  ];
  for (const [args, says] of wrong) {
    const { code, out, err } = await obsyk(args);
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.match(err, says);
  }
});

test("get: colours are for terminals alone, and not with NO_COLOR", async () => {
  const args = ["get", "nodes", "-c", "east"];
  const ansi = "\u001b[32mReady\u001b[0m";
  assert.ok((await obsyk(args, { isTTY: true })).out.includes(ansi));
  assert.ok(!(await obsyk(args)).out.includes("\u001b"));
  const plain = await obsyk(args, { isTTY: true, env: { NO_COLOR: "1" } });
  assert.ok(!plain.out.includes("\u001b"));
});

test("context: defaults of a context are used, environment and flags win over them", async () => {
  const namespace = somePod("west").namespace;
  assert.equal((await obsyk(["context", "set", "-c", "west", "-n", namespace])).code, 0);
  const read = async (args: string[], env = {}): Promise<string[]> =>
    (await obsyk(["get", "pods", "-o", "name", ...args], { env })).out.split("\n").slice(0, -1);
  const own = names("pods", "west", namespace).map((name) => `pod/${name}`);
  assert.deepEqual((await read([])).sort(), own);
  assert.deepEqual(await read([], { OBSYK_NAMESPACE: "nowhere" }), []);
  assert.equal((await read(["-A"])).length, names("pods", "west").length);
  const everywhere = names("pods", "west").length + names("pods", "east").length;
  assert.equal((await read(["-A", "--all-clusters"])).length, everywhere);
  assert.match((await obsyk(["context"])).out, /^\* +stage .* west /m);
  assert.equal((await obsyk(["context", "set", "-c", "", "-n", ""])).code, 0);
  const unknown = await obsyk(["context", "use", "elsewhere"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /there are stage/);
});

test("register: refuses a private key before anything is sent", async () => {
  const file = join(stage.folder, "refused.pem");
  await obsyk(["keygen", "--out", file]);
  const { code, err } = await obsyk(["register", "refused", "--public-key", file]);
  assert.equal(code, 1);
  assert.match(err, /private key/i);
  assert.ok(!(await obsyk(["clusters", "-o", "name"])).out.includes("refused"));
});

test("describe: what it is, what is around it, how old that is, what is never collected", async () => {
  const { name, namespace } = somePod("east");
  const pod = await obsyk(["describe", "pod", name, "-n", namespace, "-c", "east"]);
  assert.equal(pod.code, 0, pod.err);
  assert.ok(pod.out.startsWith(`Name:        ${name}\nNamespace:   ${namespace}\n`), pod.out);
  for (const part of [
    /^Cluster: +east$/m,
    /^Kind: +Pod \(v1\)$/m,
    /^Containers:\n {2}NAME +STATE/m,
    /^ {2}owned by +replicasets\.apps\//m,
    /^ {2}selected by +services\//m,
    /^ {2}uses +secrets\//m,
    /^Changed By:\n/m,
    /^Not Collected:\n {2}values of environment variables/m,
    /^ {2}As of: +\d+ s ago \(\d{4}-|^ {2}As of: +now/m,
  ]) {
    assert.match(pod.out, part);
  }
  assert.ok(!/ \n/.test(pod.out), "no line ends in a space");
  const secret = stage.clusters.get("west")?.store.list("secrets").at(-1);
  const place = ["-n", secret?.namespace ?? "", "-c", "west"];
  const keys = await obsyk(["describe", `secret/${secret?.name}`, ...place]);
  assert.match(keys.out, /^Not Collected:\n {2}values: the API server is asked for a Table/m);
  const none = await obsyk(["describe", "pod", "nope", "-n", namespace, "-c", "east"]);
  assert.deepEqual([none.code, none.out], [1, ""]);
  const all = await obsyk(["describe", "deploy", "-n", namespace, "-c", "east"]);
  assert.equal(
    all.out.match(/^Name: /gm)?.length,
    names("deployments.apps", "east", namespace).length,
  );
});

test("findings: where, how it is known, how to fix it; --exit-code tells a pipeline", async () => {
  const store = stage.clusters.get("west")?.store;
  const key = "kubectl.kubernetes.io/last-applied-configuration";
  const planted = "planted-8c1f";
  store?.apply("secrets", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "copied",
      namespace: "shop",
      annotations: { [key]: `{"data":"${planted}"}` },
    },
    type: "Opaque",
  });
  const found = await waitFor(
    "the finding",
    async () => {
      const ran = await obsyk(["findings", "-c", "west", "-n", "shop", "--kind", "embedded-copy"]);
      return ran.out.includes("secrets/copied") ? ran : undefined;
    },
    { timeoutMs: 20_000, intervalMs: 200 },
  );
  const row = cells(found.out).find((line) => line.includes("secrets/copied"));
  assert.deepEqual(row, [
    "west",
    "shop",
    "secrets/copied",
    "embedded-copy",
    `metadata.annotations["${key}"]`,
  ]);
  assert.match(found.err, /How to fix:\n {2}embedded-copy: Apply with kubectl apply --server-side/);
  const all = await obsyk(["findings", "-o", "json"]);
  assert.ok(all.out.includes("copied") && !all.out.includes(planted));
  assert.equal((await obsyk(["findings", "-c", "west", "--exit-code"])).code, 1);
  const none = await obsyk(["findings", "-n", "nowhere", "--exit-code"]);
  assert.deepEqual([none.code, none.out], [0, ""]);
});

test("get --watch: the table, then a line for each change, until it is interrupted", async () => {
  const store = stage.clusters.get("west")?.store;
  const apply = (name: string, phase: string): void => {
    const metadata = { name };
    store?.apply("namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata,
      status: { phase },
    });
  };
  const stopping = new AbortController();
  let text = "";
  const running = obsyk(["get", "ns", "-c", "west", "-w"], {
    signal: stopping.signal,
    onOut: (more) => (text += more),
  });
  const seen = (pattern: RegExp): Promise<unknown> =>
    waitFor(String(pattern), () => pattern.test(text), { timeoutMs: 20_000 });
  try {
    await seen(/^NAME +STATUS +AGE\ndefault +Active/);
    apply("watched", "Active");
    await seen(/^watched +Active/m);
    apply("watched", "Terminating");
    await seen(/^watched +Terminating/m);
    store?.delete("namespaces", { namespace: "", name: "watched" });
    await seen(/^watched +Terminating .*\(deleted\)$/m);
  } finally {
    stopping.abort(new Error("SIGINT"));
  }
  assert.equal((await running).code, 130);
  assert.equal(text.match(/^default /gm)?.length, 1, "what did not change is not repeated");
  const wrong = await obsyk(["get", "ns", "-w", "-o", "json"]);
  assert.equal(wrong.code, 2);
});

test("operator manifest: one row a field, with the digest that sessions name", async () => {
  const table = await obsyk(["operator", "manifest"]);
  const [heading = [], ...rows] = cells(table.out);
  assert.deepEqual(heading, ["RESOURCE", "MODE", "FIELD", "WHY"]);
  assert.ok(rows.length > 500 && rows.every((row) => row.length === 4));
  const json = await obsyk(["operator", "manifest", "-o", "json"]);
  const { digest } = JSON.parse(json.out) as { readonly digest: string };
  assert.equal(table.err, `digest ${digest}\n`);
  const wrong = await obsyk(["operator", "manifest", "--resources", "pdos"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /pdos/);
});

test("operator preview: prints lines of the cluster and says what it found", async () => {
  const file = join(stage.folder, "west.kubeconfig");
  const args = ["operator", "preview", "--kubeconfig", file, "--resources", "nodes,secrets"];
  const { code, out, err } = await obsyk(args);
  assert.equal(code, 0, err);
  const puts = out.split("\n").filter((line) => line.startsWith('{"op":"put"'));
  assert.equal(puts.length, names("nodes", "west").length + names("secrets", "west").length);
  assert.match(err, /^a session would be opened with \{.*"manifestDigest":"[0-9a-f]{64}"/);
  assert.match(err, /\nnothing was sent\n$/);
  const missing = await obsyk(["operator", "preview", "--kubeconfig", "/nowhere"]);
  assert.equal(missing.code, 4);
  assert.match(missing.err, /\/nowhere: ENOENT/);
});

// The last one: the operator of east is gone afterwards.
test("get: says so when nobody looks any more (I3)", async () => {
  await stage.stopOperator("east");
  const { code, out, err } = await obsyk(["get", "nodes", "-c", "east"]);
  assert.equal(code, 0);
  assert.ok(out.includes("control-plane-1"));
  assert.match(err, /^blind since \d{4}-.* \(operator stopped\): nodes$/m);
  const json = await obsyk([
    "get",
    "nodes",
    "-c",
    "east",
    "-o",
    "jsonpath={.obsyk.blind[*].reason}",
  ]);
  assert.equal(json.out, "stopped");
});
