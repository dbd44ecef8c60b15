/** The console as a person uses it. The tests follow each other: the cluster of one is what the next looks at. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { JsonObject } from "@obsyk/contract";
import { waitFor } from "@obsyk/testkit";
import type { Locator, Page } from "playwright-core";
import { findBarriers } from "./accessibility.ts";
import { openStage, type Stage, type WatchedPage } from "./stage.ts";

let stage: Stage;
let watched: WatchedPage;
let page: Page;

before(async () => {
  stage = await openStage();
  watched = await stage.openPage();
  page = watched.page;
});

after(async () => {
  await stage[Symbol.asyncDispose]();
});

const link = (name: string | RegExp, exact = true): Locator =>
  page.getByRole("link", { name, exact });
const heading = (name: string): Locator => page.getByRole("heading", { name, exact: true });

async function signIn(on: Page): Promise<string> {
  const url = await stage.createSignInUrl();
  await on.goto(url);
  await on.getByRole("button", { name: "Sign in" }).click();
  await on.getByRole("heading", { name: "Clusters", exact: true }).waitFor();
  return url;
}

async function clusterPath(): Promise<string> {
  await page.goto(`${stage.consoleUrl}/clusters`);
  await link("demo").click();
  await heading("demo").waitFor();
  return page.url();
}

function deployment(
  namespace: string,
  name: string,
  env: readonly JsonObject[] = [],
): Parameters<Stage["cluster"]["store"]["apply"]>[1] {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace, name, labels },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "app", image: "registry.example/app:1", env }] },
      },
    },
  };
}

describe("signing in", () => {
  it("SignInPage: without a session every page leads here and says how to get a link", async () => {
    await page.goto(`${stage.consoleUrl}/clusters`);
    await heading("Sign in to Obsyk").waitFor();
    await page.getByLabel("Command that makes a sign-in link", { exact: true }).waitFor();
  });

  it("SignInPage: a link works once, and a used one explains itself (I8)", async () => {
    const url = await signIn(page);
    await using other = await stage.openPage();
    await other.page.goto(url);
    await other.page.getByRole("button", { name: "Sign in" }).click();
    await other.page.getByRole("alert").getByText("used before, has expired").waitFor();
    await other.page.goto(`${stage.consoleUrl}/clusters`);
    await other.page.getByRole("heading", { name: "Sign in to Obsyk" }).waitFor();
  });
});

describe("registering a cluster", () => {
  it("RegisterPage: a private key stays in the browser (I5)", async () => {
    await heading("No cluster yet").waitFor();
    await link("Register a cluster").first().click();
    await page.getByRole("textbox", { name: "Cluster name" }).fill("demo");
    await page.getByRole("textbox", { name: "Public key" }).fill(stage.privateKey);
    await page.getByText("This is a private key. It was not sent").waitFor();
    assert.equal(await page.getByRole("button", { name: "Register" }).isDisabled(), true);
  });

  it("RegisterPage: shows client ID and next steps, and turns green when the operator connects", async () => {
    await page.getByRole("textbox", { name: "Public key" }).fill(stage.publicKey);
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByText("Waiting for the operator of demo").waitFor();
    const command = await page
      .getByLabel("Settings and command of the operator", { exact: true })
      .textContent();
    const clientId = /OBSYK_CLIENT_ID='([^']+)'/.exec(command ?? "")?.[1];
    assert.ok(clientId, "the next steps name the client ID");
    assert.ok(command?.includes(`OBSYK_PLATFORM_URL='${stage.agentUrl}'`));
    assert.ok(command?.includes(stage.ca.trim()), "the certificates to trust are part of it");
    assert.ok(
      new URL(page.url()).searchParams.get("cluster"),
      "the steps that are left have a URL",
    );
    const { thumbprint } = stage;
    await page.getByRole("textbox", { name: "Thumbprint there" }).fill(thumbprint.slice(1));
    await page.getByText("This is another key").waitFor();
    await page.getByRole("textbox", { name: "Thumbprint there" }).fill(`thumbprint  ${thumbprint}`);
    await page.getByText("The same key on both sides").waitFor();
    stage.startOperator(clientId);
    await link("See what runs in demo").waitFor({ timeout: 30_000 });
    await page.getByText("Connected", { exact: true }).waitFor();
  });
});

describe("drilling down", () => {
  it("ClusterPage: counts equal the cluster's, streams and as-of are shown (I3)", async () => {
    await clusterPath();
    const { store } = stage.cluster;
    const pods = page
      .getByRole("navigation", { name: "Resources" })
      .getByRole("link", { name: `Pods ${store.count("pods")}` });
    await pods.waitFor({ timeout: 30_000 });
    await page.getByRole("table", { name: "Streams" }).getByText("watching").first().waitFor();
    await page
      .getByText(/as of \d\d:\d\d:\d\d, (?:now|\d+ s ago)/)
      .first()
      .waitFor();
  });

  it("ResourcePage: cluster, namespace, resource, object, each by a link and with a URL", async () => {
    await clusterPath();
    const workload = stage.cluster.workloads[0]!;
    const name = workload.pods[0]!;
    await page
      .getByRole("table", { name: "Namespaces" })
      .getByRole("link", { name: workload.namespace, exact: true })
      .click();
    await heading(`Namespace ${workload.namespace}`).waitFor();
    await page.getByRole("table").getByRole("link", { name: "Pods", exact: true }).click();
    await heading("Pods").waitFor();
    assert.equal(new URL(page.url()).searchParams.get("namespace"), workload.namespace);
    await page.getByLabel("Filter by name").fill(name);
    await link(name).click();
    await heading(name).waitFor();
    await page.reload();
    await heading(name).waitFor();
    await page.getByRole("tab", { name: "YAML" }).click();
    await page.getByLabel("YAML", { exact: true }).getByText(name).first().waitFor();
  });

  it("ResourcePage: label selector narrows, a wrong one is refused with words (I8)", async () => {
    const base = await clusterPath();
    await page.goto(`${base}/deployments.apps`);
    await page.getByLabel("Label selector").fill("app in (");
    await page.getByRole("alert").getByText("Could not load Deployments").waitFor();
    await page.getByLabel("Label selector").fill("no-such-label=x");
    await heading("No Deployments match").waitFor();
  });

  it("ResourcePage: scrolling to the end shows every pod though few rows exist at a time", async () => {
    const base = await clusterPath();
    const all = stage.cluster.store.count("pods");
    await page.goto(`${base}/pods`);
    const table = page.getByRole("table");
    await table.getByRole("row").nth(5).waitFor();
    await waitFor(
      "all pods are loaded",
      async () => {
        await table.getByRole("row").last().scrollIntoViewIfNeeded();
        return (await table.getAttribute("aria-rowcount")) === String(all + 1);
      },
      { timeoutMs: 20_000 },
    );
    assert.ok((await table.getByRole("row").count()) < 80);
  });

  it("ResourcePage: what is not collected is never shown as none (I3)", async () => {
    const base = await clusterPath();
    await page.goto(`${base}/events`);
    await heading("Events are not collected").waitFor();
    await page.goto(`${base}/pods?name=no-such-pod`);
    await heading("No Pods match").waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByRole("rowheader").first().waitFor();
    assert.equal(new URL(page.url()).search, "");
  });

  it("ObjectPage: a pod leads to its owners, its node and its service account, and back", async () => {
    const base = await clusterPath();
    const workload = stage.cluster.workloads[0]!;
    const name = workload.pods[0]!;
    await page.goto(`${base}/pods/named?namespace=${workload.namespace}&name=${name}`);
    await heading(name).waitFor();
    await page.getByRole("table", { name: "Containers" }).getByRole("row").nth(1).waitFor();
    const owners = page.getByRole("table", { name: "Owned by" });
    await owners.getByRole("row").filter({ hasText: "Deployment" }).getByRole("link").click();
    await page.getByRole("table", { name: "Owns", exact: true }).waitFor();
    const owned = page.getByRole("table", { name: "Owns", exact: true });
    await owned.getByRole("link", { name, exact: true }).click();
    await heading(name).waitFor();
    const uses = page.getByRole("table", { name: "Uses", exact: true });
    await uses.getByRole("row").filter({ hasText: "Node" }).getByRole("link").click();
    await page.getByRole("table", { name: "Capacity" }).waitFor();
    const users = page.getByRole("table", { name: "Used by" });
    await users.getByRole("link").first().waitFor();
  });

  it("Findings: a literal value of a secret's variable is named, with the fix, and not shown (I2)", async () => {
    const base = await clusterPath();
    const namespace = stage.cluster.workloads[0]!.namespace;
    const object = deployment(namespace, "leaky", [{ name: "DB_PASSWORD", value: "hunter2-e2e" }]);
    stage.cluster.store.apply("deployments.apps", object);
    await page.goto(`${base}/deployments.apps/named?namespace=${namespace}&name=leaky`);
    const findings = page.getByRole("region", { name: "Findings" });
    await findings.getByText("container app, variable DB_PASSWORD").waitFor({ timeout: 20_000 });
    await findings.getByText("valueFrom.secretKeyRef").waitFor();
    await page.getByRole("tab", { name: "YAML" }).click();
    await page.getByLabel("YAML", { exact: true }).getByText("literalSecretEnv").waitFor();
    assert.equal((await page.content()).includes("hunter2-e2e"), false);
    await page
      .getByRole("navigation", { name: "Resources", exact: true })
      .getByRole("link", { name: "Findings" })
      .click();
    await heading("Findings in demo").waitFor();
    const row = page.getByRole("row").filter({ has: link("leaky") });
    await row.getByText("container app, variable DB_PASSWORD").waitFor();
    await page.getByRole("banner").getByRole("link", { name: "Findings" }).click();
    await heading("Findings").waitFor();
    await row.getByText(`demo / ${namespace} / Deployment`).waitFor();
    await row.getByRole("link", { name: "leaky" }).click();
    await heading("leaky").waitFor();
  });

  it("CollectedPage: every resource with its fields and why", async () => {
    await clusterPath();
    await link("Every field that can leave the cluster").click();
    await heading("Secrets").waitFor();
    const region = page.getByRole("region", { name: "Secrets", exact: true });
    await region.getByText("mode keys").click();
    await region.getByText("obsyk.dataKeys[]").waitFor();
  });

  it("NamedPage: a name that nothing bears says so, whatever is in it", async () => {
    const base = await clusterPath();
    for (const name of ["no.such", "system:node/a", "n".repeat(253)]) {
      await page.goto(`${base}/configmaps/named?namespace=shop&name=${encodeURIComponent(name)}`);
      await heading(`ConfigMap ${name} is not in the inventory`).waitFor();
    }
  });

  it("ObjectPage: a secret shows the names of its keys and no value (I2)", async () => {
    const base = await clusterPath();
    await page.goto(`${base}/secrets`);
    await page.getByRole("rowheader").first().getByRole("link").click();
    await page.getByRole("table", { name: "Key names" }).getByText("never read").first().waitFor();
    await page.getByRole("tab", { name: "YAML" }).click();
    await page.getByLabel("YAML", { exact: true }).getByText("dataKeys").first().waitFor();
    assert.equal((await page.content()).includes(stage.cluster.canary), false);
  });
});

describe("living", () => {
  it("LiveChannel: a new, an edited and a deleted object appear without reload", async () => {
    const base = await clusterPath();
    const namespace = stage.cluster.workloads[0]!.namespace;
    const ref = { namespace, name: "aaa-appears" };
    await page.goto(`${base}/deployments.apps?namespace=${namespace}`);
    await page.getByRole("status", { name: "Live updates: Live" }).waitFor();
    await page.getByRole("rowheader").first().waitFor();
    await page.evaluate("globalThis.sameDocument = true");
    stage.cluster.store.apply("deployments.apps", deployment(namespace, ref.name));
    const row = page.getByRole("row").filter({ has: link(ref.name) });
    await row.getByText("0/3").waitFor({ timeout: 5000 });
    stage.cluster.store.patch("deployments.apps", ref, { spec: { replicas: 5 } });
    await row.getByText("0/5").waitFor({ timeout: 5000 });
    stage.cluster.store.delete("deployments.apps", ref);
    await row.waitFor({ state: "detached", timeout: 5000 });
    assert.equal(await page.evaluate("globalThis.sameDocument"), true);
  });

  it("LiveChannel: a silent one is given up, says so, and comes back (I3)", async () => {
    const own = await page.context().newPage();
    const says = (text: string) =>
      own.getByRole("status", { name: `Live updates: ${text}` }).waitFor({ timeout: 10_000 });
    try {
      await own.clock.install();
      await own.goto(await clusterPath());
      await says("Live");
      // Nothing answers any more; the connection that is open is not told.
      await own.route("**/api/v1/live", () => undefined);
      await own.clock.fastForward(31_000);
      await says("Reconnecting");
      await own.unroute("**/api/v1/live");
      await own.clock.fastForward(31_000);
      await says("Live");
    } finally {
      await own.close();
    }
  });

  it("ObjectPage: a record that could not be stored says why, and shows nothing made up (R5)", async () => {
    const own = await page.context().newPage();
    const { namespace, name } = stage.cluster.workloads[0]!;
    const reason = "record is larger than 1048576 bytes";
    try {
      await own.goto(`${await clusterPath()}/deployments.apps?namespace=${namespace}`);
      await own.getByRole("rowheader").getByRole("link", { name, exact: true }).click();
      const ready = own.locator("dt").getByText("READY", { exact: true });
      await ready.waitFor();
      await own.route(/\/objects\/deployments\.apps\/[^/]+$/, async (route) => {
        const answer = await route.fetch();
        const object = (await answer.json()) as object;
        await route.fulfill({ response: answer, json: { ...object, record: {}, stub: reason } });
      });
      await own.reload();
      await own.getByRole("status").filter({ hasText: reason }).waitFor();
      assert.equal(await ready.count(), 0);
    } finally {
      await own.close();
    }
  });
});

describe("keyboard", () => {
  const hasFocus = async (wanted: Locator): Promise<boolean> =>
    (await wanted.and(page.locator(":focus")).count()) === 1;

  /** Presses Tab until the wanted element has the focus. */
  async function tabTo(wanted: Locator): Promise<void> {
    await wanted.waitFor();
    for (let presses = 0; presses < 80; presses += 1) {
      if (await hasFocus(wanted)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail("not reached by 80 presses of Tab");
  }

  it("ObjectTable: Tab, arrows and Enter alone lead from the clusters to an object", async () => {
    await page.goto(`${stage.consoleUrl}/clusters`);
    await tabTo(link("demo"));
    await page.keyboard.press("Enter");
    await heading("demo").waitFor();
    await tabTo(
      page.getByRole("navigation", { name: "Resources" }).getByRole("link", { name: /^Pods/ }),
    );
    await page.keyboard.press("Enter");
    await heading("Pods").waitFor();
    const rows = page.getByRole("rowheader").getByRole("link");
    await tabTo(rows.first());
    await page.keyboard.press("ArrowDown");
    const name = await rows.nth(1).textContent();
    await page.keyboard.press("Enter");
    await heading(name ?? "").waitFor();
    await page.goBack();
    await page.keyboard.press("/");
    assert.ok(await hasFocus(page.getByLabel("Filter by name")));
  });
});

describe("content security policy and accessibility", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`every page in the ${colorScheme} theme: no breach and no barrier`, async () => {
      const base = new URL(await clusterPath()).pathname;
      await using other = await stage.openPage({ colorScheme });
      await signIn(other.page);
      const pods = stage.cluster.store.list("pods");
      const uid = pods[0]!.uid;
      const pages: readonly (readonly [path: string, ready: Locator])[] = [
        ["/clusters", other.page.getByRole("link", { name: "demo", exact: true })],
        ["/register", other.page.getByRole("heading", { name: "Register a cluster" })],
        [base, other.page.getByRole("table", { name: "Streams" })],
        [`${base}/pods`, other.page.getByRole("rowheader").first()],
        [`${base}/pods/${uid}`, other.page.getByRole("tab", { name: "Summary" })],
        [`${base}/pods/${uid}?tab=yaml`, other.page.getByText("apiVersion").first()],
        [
          `${base}/pods/${uid}?tab=collected`,
          other.page.getByRole("table", { name: "Never collected" }),
        ],
        [`${base}/collected`, other.page.getByText(/fields, mode/).first()],
        ["/findings", other.page.getByRole("heading", { name: "Findings", exact: true })],
        [`${base}/findings`, other.page.getByRole("heading", { name: "Findings in demo" })],
        ["/no-such-page", other.page.getByRole("heading", { name: "There is no such page" })],
      ];
      const barriers: string[] = [];
      for (const [path, ready] of pages) {
        await other.page.goto(stage.consoleUrl + path);
        await ready.waitFor();
        const found = await findBarriers(other.page);
        barriers.push(...found.map((barrier) => `${path}: ${barrier}`));
      }
      assert.deepEqual(barriers, []);
      await other.page.goto(`${stage.consoleUrl}${base}/pods`);
      await other.page.getByRole("button", { name: "Session" }).click();
      await other.page.getByRole("menuitem", { name: "Sign out" }).waitFor();
      await other.page.keyboard.press("Escape");
      await other.page.getByPlaceholder("All namespaces").click();
      await other.page.getByRole("option").first().click();
      assert.deepEqual(other.complaints, []);
    });
  }

  it("an injected script does not run, and the breach is seen by what the other tests rely on", async () => {
    await using other = await stage.openPage();
    await other.page.goto(`${stage.consoleUrl}/sign-in`);
    await other.page.getByRole("heading", { name: "Sign in to Obsyk" }).waitFor();
    const refusals = await other.page.evaluate(`
      const attempt = (act) => {
        try { act(); return "done"; } catch (error) { return error.name; }
      };
      [
        attempt(() => {
          const script = document.createElement("script");
          script.textContent = "globalThis.injected = true";
          document.head.append(script);
        }),
        attempt(() => { document.body.innerHTML = "<img src=x onerror='injected = true'>"; }),
        attempt(() => trustedTypes.createPolicy("another", { createHTML: (text) => text })),
      ];
    `);
    assert.deepEqual(refusals, ["TypeError", "TypeError", "TypeError"]);
    await waitFor("the breach is reported", () => other.complaints.length > 0, { timeoutMs: 5000 });
    assert.match(other.complaints.join(" "), /trusted-types/);
    assert.equal(await other.page.evaluate("globalThis.injected"), undefined);
  });
});

describe("a platform that does not answer", () => {
  it("PageError: a page whose files do not come says so, and comes back on a click", async () => {
    await using other = await stage.openPage();
    await other.page.goto(await stage.createSignInUrl());
    await other.page.getByRole("button", { name: "Sign in" }).click();
    const cluster = other.page.getByRole("link", { name: "demo" }).first();
    await cluster.waitFor();
    await other.page.route("**/assets/**", (route) => route.abort("connectionrefused"));
    await cluster.click();
    await other.page.getByText("The platform did not answer, or was upgraded").waitFor();
    await other.page.unroute("**/assets/**");
    await other.page.getByRole("button", { name: "Try again" }).click();
    await other.page.getByRole("heading", { name: "demo" }).waitFor();
  });
});

describe("leaving", () => {
  it("AppHeader: signing out ends the session", async () => {
    await page.goto(`${stage.consoleUrl}/clusters`);
    await page.getByRole("button", { name: "Session" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await heading("Sign in to Obsyk").waitFor();
    await page.goto(`${stage.consoleUrl}/clusters`);
    await heading("Sign in to Obsyk").waitFor();
  });

  it("all pages of this walk: no breach and no error", () => {
    assert.deepEqual(watched.complaints, []);
  });
});
