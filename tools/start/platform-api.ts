/** The platform's API as a person uses it, to register the operator and to see when its objects are there. */
import {
  apiPaths,
  clusterDetailSchema,
  clientSchema,
  clusterSchema,
  type ClientRequest,
  type Cluster,
  type ClusterDetail,
} from "@obsyk/contract";
import { z } from "zod";

export class PlatformApi {
  readonly #origin: string;
  #cookie = "";

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** @param link the one-time link that the platform printed */
  async signIn(link: string): Promise<void> {
    const token = new URL(link).searchParams.get("token") ?? "";
    const response = await this.#send("POST", apiPaths.signIn, { token });
    this.#cookie = response.headers
      .getSetCookie()
      .map((line) => line.split(";", 1)[0])
      .join("; ");
  }

  async hasClient(clientId: string): Promise<boolean> {
    const response = await this.#send("GET", apiPaths.clients);
    const body: unknown = await response.json();
    return z
      .object({ items: z.array(clientSchema) })
      .parse(body)
      .items.some((client) => client.clientId === clientId);
  }

  async register(client: ClientRequest): Promise<string> {
    const response = await this.#send("POST", apiPaths.clients, client);
    return clientSchema.parse(await response.json()).clientId;
  }

  async clusters(): Promise<readonly Cluster[]> {
    const response = await this.#send("GET", apiPaths.clusters);
    return z.object({ items: z.array(clusterSchema) }).parse(await response.json()).items;
  }

  async cluster(clusterId: string): Promise<ClusterDetail> {
    const response = await this.#send("GET", apiPaths.cluster.replace(":clusterId", clusterId));
    return clusterDetailSchema.parse(await response.json());
  }

  /** The JSON answer of any other path. */
  async get(path: string): Promise<unknown> {
    const response = await this.#send("GET", path);
    return response.json();
  }

  async #send(method: "GET" | "POST", path: string, body?: object): Promise<Response> {
    const response = await fetch(`${this.#origin}${path}`, {
      method,
      headers: {
        origin: this.#origin,
        "sec-fetch-site": "same-origin",
        ...(this.#cookie === "" ? {} : { cookie: this.#cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      const problem = (await response.text()).slice(0, 500);
      throw new Error(`${method} ${path} answered ${response.status}: ${problem}`);
    }
    return response;
  }
}
