/**
 * The smallest client of agent protocol v2: signs in, opens a session, sends batches one after the other.
 *
 * @module
 */
import { createPrivateKey, hash, randomBytes, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { type Agent, request as httpsRequest } from "node:https";
import { zstdCompressSync } from "node:zlib";
import {
  agentHeaders,
  agentPaths,
  batchAnswerSchema,
  canonicalize,
  mediaTypes,
  sessionAnswerSchema,
  tokenAnswerSchema,
  type Line,
  type SessionAnswer,
} from "@obsyk/contract";
import { describeTable, findResource } from "@obsyk/contract/allow-list";
import { createHttpsAgent, parsePublicKey, recordVersion } from "@obsyk/runtime";
import type { Stack } from "./stack.ts";

type Granted = Extract<SessionAnswer, { status: "granted" }>;
type Call = {
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
};

export const podStream = "pods/*/full";

export class BenchAgent implements Disposable {
  readonly #agent: Agent;
  readonly #origin: string;
  readonly #granted: Granted;
  readonly #token: string;
  #sequence: number;

  private constructor(options: {
    readonly agent: Agent;
    readonly origin: string;
    readonly granted: Granted;
    readonly token: string;
  }) {
    this.#agent = options.agent;
    this.#origin = options.origin;
    this.#granted = options.granted;
    this.#token = options.token;
    this.#sequence = options.granted.nextSequence;
  }

  static async open(stack: Stack): Promise<BenchAgent> {
    const agent = createHttpsAgent({ ca: stack.certificates.ca }, { maxSockets: 1 });
    const origin = `https://127.0.0.1:${stack.ports.agent}`;
    const token = await readToken({ agent, origin, stack });
    const pods = findResource("pods");
    if (pods === undefined) throw new Error("there is no resource pods");
    const answer = await send(
      { agent, origin },
      {
        path: agentPaths.sessions,
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: Buffer.from(
          JSON.stringify({
            instanceId: randomUUID(),
            clusterUid: randomUUID(),
            clusterName: stack.cluster,
            operatorVersion: "bench",
            streams: [
              {
                stream: podStream,
                recordVersion: recordVersion(canonicalize(describeTable(pods, "full"))),
              },
            ],
            clock: Date.now(),
          }),
        ),
      },
    );
    const granted = sessionAnswerSchema.parse(JSON.parse(answer));
    if (granted.status !== "granted") throw new Error("the platform granted no session");
    return new BenchAgent({ agent, origin, granted, token });
  }

  get hashKey(): string {
    return this.#granted.hashKey;
  }

  /** @throws {Error} when a line was not stored as sent */
  async send(lines: readonly Line[]): Promise<void> {
    const text = lines.map((line) => JSON.stringify(line)).join("\n");
    const body = zstdCompressSync(Buffer.from(`${text}\n`));
    const answer = await send(
      { agent: this.#agent, origin: this.#origin },
      {
        path: agentPaths.batches,
        headers: {
          "content-type": mediaTypes.lines,
          "content-encoding": "zstd",
          authorization: `Bearer ${this.#token}`,
          [agentHeaders.session]: this.#granted.sessionId,
          [agentHeaders.epoch]: String(this.#granted.epoch),
          [agentHeaders.sequence]: String(this.#sequence),
          [agentHeaders.digest]: `sha-256=:${hash("sha256", body, "base64")}:`,
        },
        body,
      },
    );
    const { appliedSequence, results } = batchAnswerSchema.parse(JSON.parse(answer));
    if (appliedSequence !== this.#sequence || results.length > 0) {
      throw new Error(`batch ${this.#sequence}: ${answer.slice(0, 300)}`);
    }
    this.#sequence += 1;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

async function readToken(options: {
  readonly agent: Agent;
  readonly origin: string;
  readonly stack: Stack;
}): Promise<string> {
  const { origin, stack } = options;
  const now = Math.floor(Date.now() / 1000);
  const { thumbprint } = parsePublicKey(stack.identity.publicKey());
  const head = encode({ alg: "ES256", typ: "obs-client-assertion+jwt", kid: thumbprint });
  const claims = encode({
    iss: stack.clientId,
    sub: stack.clientId,
    aud: origin,
    iat: now,
    nbf: now,
    exp: now + 60,
    jti: randomBytes(16).toString("base64url"),
  });
  const key = createPrivateKey(readFileSync(stack.identity.keyFile));
  const signature = sign("sha256", Buffer.from(`${head}.${claims}`), {
    key,
    dsaEncoding: "ieee-p1363",
  });
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: `${head}.${claims}.${signature.toString("base64url")}`,
  });
  const answer = await send(options, {
    path: agentPaths.token,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
  });
  return tokenAnswerSchema.parse(JSON.parse(answer)).access_token;
}

async function send(
  server: { readonly agent: Agent; readonly origin: string },
  call: Call,
): Promise<string> {
  const request = httpsRequest(`${server.origin}${call.path}`, {
    agent: server.agent,
    method: "POST",
    headers: { ...call.headers, "content-length": call.body.length },
  });
  request.end(call.body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  if (response.statusCode !== 200) {
    throw new Error(`${call.path} answered ${response.statusCode}: ${text.slice(0, 300)}`);
  }
  return text;
}
