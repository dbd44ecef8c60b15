/** The console in a real browser, as a signed-in person sees it. */
import { existsSync } from "node:fs";
import { chromium, type Page } from "playwright-core";

export type ConsolePage = AsyncDisposable & {
  /** Opens the table of one resource, narrowed to names that contain `name`. */
  openTable(resource: string, name: string): Promise<void>;
  /** Opens the cluster's own page. */
  openCluster(): Promise<void>;
  /** The page's visible text. */
  text(): Promise<string>;
  /** What the page complained about: errors, and violations of its Content-Security-Policy. */
  complaints(): readonly string[];
};

const executablePath = "/usr/bin/chromium";
const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @throws when there is no browser. */
export async function openConsolePage(options: {
  readonly url: string;
  /** As the browser sends it: `name=value`. */
  readonly cookie: string;
  readonly clusterId: string;
}): Promise<ConsolePage> {
  const { url, cookie, clusterId } = options;
  if (!existsSync(executablePath)) {
    throw new Error(`no browser: install Chromium as ${executablePath}`);
  }
  const browser = await chromium.launch({ executablePath, args });
  try {
    const context = await browser.newContext({ viewport: { width: 1400, height: 1600 } });
    const [name = "", value = ""] = cookie.split("=", 2);
    await context.addCookies([{ name, value, url, httpOnly: true, sameSite: "Lax" }]);
    const page = await context.newPage();
    const complaints = listen(page);
    return {
      async openTable(resource, prefix) {
        const query = new URLSearchParams({ name: prefix });
        await page.goto(`${url}/clusters/${clusterId}/${resource}?${query.toString()}`);
      },
      async openCluster() {
        await page.goto(`${url}/clusters/${clusterId}`);
      },
      text: () => page.locator("body").innerText(),
      complaints: () => complaints,
      [Symbol.asyncDispose]: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return complaints;
}
