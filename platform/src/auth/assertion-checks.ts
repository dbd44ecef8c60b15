/**
 * What a client assertion must be (RFC 7523 §3, in the strict profile v2): one ordered table of named checks. The name
 * goes to the log, the sentence to the caller. Whether client, key or signature is wrong is told to nobody.
 *
 * @module
 */
import { findDuplicateMember } from "./duplicate-members.ts";

/** Seconds a client's clock may be ahead of or behind ours. */
export const skewSeconds = 10;
const maxLifeSeconds = 120;
const maxAgeSeconds = 180;
const maxAssertionChars = 4096;
const assertionType = "obs-client-assertion+jwt";

type Members = { readonly [name: string]: unknown };

export type Shape = {
  readonly header: Members;
  readonly claims: Members;
  readonly signingInput: Buffer;
  readonly signature: Buffer;
};

export type Refusal = {
  /** Stable name, for log and metric. */
  readonly check: string;
  /** For the caller; ASCII without quotes and backslashes (RFC 6749 §5.2). */
  readonly description: string;
};

type Check<Subject> = Refusal & {
  /** Where the rule comes from. */
  readonly source: string;
  readonly passes: (subject: Subject) => boolean;
};

export function firstRefusal<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
): Refusal | undefined {
  const failed = checks.find((check) => !check.passes(subject));
  return failed && { check: failed.check, description: failed.description };
}

/** Three base64url parts; the last is the 64 bytes of an ES256 signature (RFC 7518 §3.4). */
const compact = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/;

const textChecks: readonly Check<string>[] = [
  {
    check: "assertion-length",
    source: "RFC 8725 3.11",
    description: "the assertion is longer than 4096 characters",
    passes: (text) => text.length <= maxAssertionChars,
  },
  {
    check: "assertion-shape",
    source: "RFC 7515 7.1",
    description: "the assertion is no compact JWS with a 64 byte signature",
    // `$` alone would let a line break pass.
    passes: (text) => compact.exec(text)?.[0] === text && !text.includes("\n"),
  },
  {
    check: "assertion-base64url",
    source: "RFC 7515 2, RFC 4648 3.5",
    description: "a part of the assertion is not canonical base64url",
    passes: (text) =>
      text
        .split(".")
        .every((part) => Buffer.from(part, "base64url").toString("base64url") === part),
  },
];

/**
 * Takes an assertion apart without trusting any of it.
 *
 * @returns the refusal of the first check that fails
 */
export function readShape(text: string): Shape | Refusal {
  const refusal = firstRefusal(textChecks, text);
  if (refusal !== undefined) return refusal;
  const [header = "", claims = "", signature = ""] = text.split(".");
  const decodedHeader = decodeMembers(header, "header");
  if (isRefusal(decodedHeader)) return decodedHeader;
  const decodedClaims = decodeMembers(claims, "claims");
  if (isRefusal(decodedClaims)) return decodedClaims;
  return {
    header: decodedHeader.members,
    claims: decodedClaims.members,
    signingInput: Buffer.from(`${header}.${claims}`, "latin1"),
    signature: Buffer.from(signature, "base64url"),
  };
}

export function isRefusal(value: object): value is Refusal {
  return "check" in value;
}

function decodeMembers(part: string, name: string): { readonly members: Members } | Refusal {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(part, "base64url"),
    );
    value = JSON.parse(text);
  } catch {
    // Neither the bytes nor the parser's message go anywhere.
    return { check: `${name}-json`, description: `the ${name} are not UTF-8 JSON` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { check: `${name}-object`, description: `the ${name} are no JSON object` };
  }
  if (findDuplicateMember(text) !== undefined) {
    return { check: `${name}-duplicate`, description: `the ${name} name a member twice` };
  }
  // Checked above: an object of unknown members.
  return { members: value as Members };
}

const refusedHeaders = ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip"];
const thumbprint = /^[A-Za-z0-9_-]{43}$/;
const identifier = /^[\x21-\x7e]{1,128}$/;

/** Before any key is looked for. */
export const headerChecks: readonly Check<Shape>[] = [
  {
    check: "header-alg",
    source: "RFC 8725 3.1",
    description: "alg must be ES256",
    passes: ({ header }) => header["alg"] === "ES256",
  },
  {
    check: "header-typ",
    source: "RFC 8725 3.11",
    description: `typ must be ${assertionType}`,
    passes: ({ header }) => header["typ"] === assertionType,
  },
  {
    check: "header-kid",
    source: "RFC 7515 4.1.4, RFC 7638",
    description: "kid must be the thumbprint of the registered key",
    passes: ({ header }) => typeof header["kid"] === "string" && thumbprint.test(header["kid"]),
  },
  ...refusedHeaders.map((name): Check<Shape> => ({
    check: `header-${name.toLowerCase().replace("#", "-")}`,
    source: "RFC 8725 3.10, RFC 7515 4.1",
    description: `header member ${name} is not accepted: keys come from the registration alone`,
    passes: ({ header }) => !Object.hasOwn(header, name),
  })),
  {
    check: "claim-iss-form",
    source: "RFC 7523 3 (1)",
    description: "iss must be the client id",
    passes: ({ claims }) => typeof claims["iss"] === "string" && identifier.test(claims["iss"]),
  },
];

export type Verified = {
  readonly claims: Members;
  readonly issuer: string;
  readonly nowSeconds: number;
  /** The form's own client_id, if sent. */
  readonly clientId: string | undefined;
};

const isTime = (value: unknown): value is number => Number.isSafeInteger(value);
const time = (claims: Members, name: string): number => {
  const value = claims[name];
  return isTime(value) ? value : Number.NaN;
};
/** A check that compares with NaN fails, so each time has its own check before. */
const requireTime = (name: string, item: string): Check<Verified> => ({
  check: `claim-${name}-form`,
  source: `RFC 7523 3 (${item})`,
  description: `${name} must be a whole number of seconds`,
  passes: ({ claims }) => isTime(claims[name]),
});

/** After the signature proved who speaks, so each may say what it wants. */
export const claimChecks: readonly Check<Verified>[] = [
  {
    check: "claim-sub",
    source: "RFC 7523 3 (2)",
    description: "sub must equal iss",
    passes: ({ claims }) => claims["sub"] === claims["iss"],
  },
  {
    check: "form-client-id",
    source: "RFC 7521 4.2",
    description: "client_id must equal iss",
    passes: ({ claims, clientId }) => clientId === undefined || clientId === claims["iss"],
  },
  {
    check: "claim-aud",
    source: "RFC 7523 3 (3), RFC 3986 6.2.1",
    description: "aud must be the issuer of this platform, as one string",
    passes: ({ claims, issuer }) => claims["aud"] === issuer,
  },
  requireTime("exp", "4"),
  requireTime("iat", "6"),
  requireTime("nbf", "5"),
  {
    check: "claim-exp-past",
    source: "RFC 7523 3 (4)",
    description: "the assertion has expired: compare the clocks",
    passes: ({ claims, nowSeconds }) => time(claims, "exp") > nowSeconds - skewSeconds,
  },
  {
    check: "claim-iat-future",
    source: "FAPI 2.0 5.3.2.1",
    description: "iat lies in the future: compare the clocks",
    passes: ({ claims, nowSeconds }) => time(claims, "iat") <= nowSeconds + skewSeconds,
  },
  {
    check: "claim-nbf-future",
    source: "RFC 7523 3 (5)",
    description: "nbf lies in the future: compare the clocks",
    passes: ({ claims, nowSeconds }) => time(claims, "nbf") <= nowSeconds + skewSeconds,
  },
  {
    check: "claim-iat-old",
    source: "RFC 7523 3 (6)",
    description: "the assertion was issued too long ago",
    passes: ({ claims, nowSeconds }) => time(claims, "iat") > nowSeconds - maxAgeSeconds,
  },
  {
    check: "claim-life",
    source: "RFC 7523 3 (4)",
    description: "exp must follow iat by at most 120 seconds",
    passes: ({ claims }) => {
      const life = time(claims, "exp") - time(claims, "iat");
      return life > 0 && life <= maxLifeSeconds;
    },
  },
  {
    check: "claim-jti",
    source: "RFC 7523 3 (7)",
    description: "jti must be 16 to 128 printable characters",
    passes: ({ claims }) => {
      const jti = claims["jti"];
      return typeof jti === "string" && identifier.test(jti) && jti.length >= 16;
    },
  },
];

/** One answer for an unknown client, an unknown key and a bad signature. */
export const unprovenDescription = "client, key or signature is wrong";
