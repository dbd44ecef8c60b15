/**
 * Requests to addresses that customers named (PLAT-14). The name is resolved here, every address it has must be a public
 * one, and the connection goes to an address that was checked: a name that changes its mind meanwhile gains nothing.
 *
 * @module
 */
import { lookup as lookupName, type LookupAddress } from "node:dns";
import { request as httpRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { createHttpsAgent } from "@obsyk/runtime";

export type PublicFetchOptions = {
  /** Private addresses too, and plain HTTP to loopback: for a provider inside one's own network. */
  readonly allowPrivate: boolean;
  /** PEM bundle that replaces the system's store; the system's store when absent. */
  readonly ca?: string | undefined;
};

type Asked = {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
};

export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
  readonly code = "ADDRESS_REFUSED";
}

const answerBytes = 1024 * 1024;
const answerMs = 10_000;
/** For each name. */
const maxSockets = 16;

/** IANA's special-purpose registries (RFC 6890), as far as they are inside what is else public. */
const special = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  special.addSubnet(net, prefix, "ipv4");
}
for (const [net, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  special.addSubnet(net, prefix, "ipv6");
}
/** Of IPv6, only this part is global unicast; mapped and translated addresses of IPv4 are outside of it. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, "ipv4");
    case 6:
      return globalUnicast.check(address, "ipv6") && !special.check(address, "ipv6");
    default:
      return false;
  }
}

/** A `fetch` that follows no redirect, takes at most 1 MiB in 10 s, and talks to allowed addresses only. */
export function createPublicFetch({ allowPrivate, ca }: PublicFetchOptions) {
  const agent = createHttpsAgent(ca === undefined ? {} : { ca }, {
    maxSockets,
    minVersion: "TLSv1.2",
    keepAlive: false,
  });
  const isAllowed = (address: string): boolean => allowPrivate || isPublicAddress(address);
  const lookup: LookupFunction = (name, options, done) => {
    lookupName(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const refused = addresses?.find(({ address }) => !isAllowed(address));
      if (error !== null) done(error, "");
      else if (refused !== undefined || addresses.length === 0) done(refusal(name), "");
      else if (options.all === true) done(null, addresses);
      else done(null, addresses[0]?.address ?? "", addresses[0]?.family);
    });
  };
  return async (target: string, asked: Asked): Promise<Response> => {
    const url = new URL(target);
    const host = url.hostname.replaceAll(/[[\]]/g, "");
    // A literal address is never looked up.
    if (isIP(host) !== 0 && !isAllowed(host)) throw refusal(host);
    if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:")) {
      throw new AddressRefusedError(`${url.protocol}//${host} is no https: address`);
    }
    const timeout = AbortSignal.timeout(answerMs);
    return send(url, asked, {
      lookup,
      agent: url.protocol === "https:" ? agent : false,
      signal: asked.signal === undefined ? timeout : AbortSignal.any([asked.signal, timeout]),
    });
  };
}

function refusal(host: string): AddressRefusedError {
  return new AddressRefusedError(`${host} has an address that is not public`);
}

function send(url: URL, asked: Asked, options: RequestOptions): Promise<Response> {
  const body = asked.body === undefined || asked.body === null ? undefined : textOf(asked.body);
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        ...options,
        method: asked.method ?? "GET",
        headers: {
          ...asked.headers,
          ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > answerBytes) answer.destroy(new Error("the answer is too large"));
        });
        answer.on("error", reject);
        answer.on("end", () => {
          const { "content-type": type } = answer.headers;
          const status = answer.statusCode ?? 0;
          const hasBody = bytes > 0 && status !== 204 && status !== 304;
          resolve(
            new Response(hasBody ? Buffer.concat(chunks) : null, {
              status,
              headers: type === undefined ? {} : { "content-type": type },
            }),
          );
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function textOf(body: unknown): string {
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("only text is sent");
}
