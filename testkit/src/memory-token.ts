/** The checks of the token endpoint that an operator's assertion must pass (RFC 7523 §3). */
import { createPublicKey, verify } from "node:crypto";

export type AssertionExpectation = {
  readonly issuer: string;
  readonly clientId: string;
  /** SubjectPublicKeyInfo PEM. */
  readonly publicKey: string;
  readonly nowMs: number;
  /** Grows: a `jti` is taken once. */
  readonly usedIds: Set<string>;
};

/** What is wrong, or `undefined`. */
export function checkAssertion(
  form: URLSearchParams,
  expected: AssertionExpectation,
): string | undefined {
  if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") return "grant_type";
  const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
  const header = parse(head);
  if (header["alg"] !== "ES256" || header["typ"] !== "obs-client-assertion+jwt") return "header";
  if (typeof header["kid"] !== "string" || header["kid"].length !== 43) return "kid";
  const key = createPublicKey(expected.publicKey);
  const signed = Buffer.from(`${head}.${claims}`);
  const bytes = Buffer.from(signature, "base64url");
  if (!verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, bytes)) return "signature";
  return checkClaims(parse(claims), expected);
}

function checkClaims(
  claims: { readonly [name: string]: unknown },
  expected: AssertionExpectation,
): string | undefined {
  const { iss, sub, aud, iat, nbf, exp, jti } = claims;
  if (iss !== expected.clientId || sub !== expected.clientId) return "subject";
  if (aud !== expected.issuer) return "audience";
  const now = expected.nowMs / 1000;
  if (typeof iat !== "number" || nbf !== iat || exp !== iat + 60) return "times";
  if (iat > now + 10 || iat + 60 < now - 10) return "clock";
  if (typeof jti !== "string" || jti.length < 22 || expected.usedIds.has(jti)) return "jti";
  expected.usedIds.add(jti);
  return undefined;
}

function parse(part: string): { readonly [name: string]: unknown } {
  const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString() || "{}");
  return typeof value === "object" && value !== null ? { ...value } : {};
}
