/** A person's session with the platform's API, as the console uses it. */
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import {
  apiPaths,
  clientSchema,
  clusterDetailSchema,
  countsSchema,
  objectPageSchema,
  type Client,
  type ClusterDetail,
  type Counts,
  type InventoryObject,
} from "@obsyk/contract";

type Answer = { readonly status: number; readonly text: string; readonly cookies: string[] };

const pageRows = 500;

export class ConsoleClient {
  readonly #origin: string;
  #cookie = "";

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** The session's cookie, for a browser. */
  get cookie(): string {
    return this.#cookie;
  }

  /** @param link as `sign-in-link` prints it */
  async signIn(link: string): Promise<void> {
    const token = new URL(link).searchParams.get("token");
    const answer = await this.#send("POST", apiPaths.signIn, { token });
    if (answer.status > 299) throw new Error(`sign-in: ${answer.status} ${answer.text}`);
    this.#cookie = answer.cookies.map((cookie) => cookie.split(";", 1)[0]).join("; ");
  }

  async registerClient(name: string, publicKey: string): Promise<Client> {
    return clientSchema.parse(await this.#json("POST", apiPaths.clients, { name, publicKey }));
  }

  /** Any answer is an answer: for what must be refused. */
  async tryRegisterClient(name: string, publicKey: string): Promise<Omit<Answer, "cookies">> {
    const { status, text } = await this.#send("POST", apiPaths.clients, { name, publicKey });
    return { status, text };
  }

  async cluster(id: string): Promise<ClusterDetail> {
    return clusterDetailSchema.parse(
      await this.#json("GET", apiPaths.cluster.replace(":clusterId", id)),
    );
  }

  async counts(id: string): Promise<Counts> {
    return countsSchema.parse(await this.#json("GET", apiPaths.counts.replace(":clusterId", id)));
  }

  /** All pages of one question. */
  async objects(query: { readonly [name: string]: string }): Promise<InventoryObject[]> {
    const items: InventoryObject[] = [];
    let cursor: string | undefined;
    do {
      const search = new URLSearchParams({
        limit: String(pageRows),
        ...query,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const page = objectPageSchema.parse(
        await this.#json("GET", `${apiPaths.objects}?${search.toString()}`),
      );
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return items;
  }

  async #json(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.#send(method, path, body);
    if (answer.status > 299) {
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
    }
    return JSON.parse(answer.text) as unknown;
  }

  async #send(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(new URL(path, this.#origin), {
        method,
        timeout: 10_000,
        headers: {
          origin: this.#origin,
          ...(this.#cookie === "" ? {} : { cookie: this.#cookie }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
      });
      outgoing.on("response", resolve);
      outgoing.on("error", reject);
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${path}: no answer`)));
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
    return {
      status: response.statusCode ?? 0,
      text: await text(response),
      cookies: response.headers["set-cookie"] ?? [],
    };
  }
}
