/**
 * The operator's proof of who it is: a JWT (RFC 7523 §3) signed with the mounted key.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { parseSigningKey, type SigningKey } from "@obsyk/runtime";
import { SignJWT } from "jose";
import { KeyFileError } from "../errors.ts";

/** Seconds an assertion is valid: long enough for one request. */
const lifeSeconds = 60;

/**
 * Reads the key file. Its bytes are overwritten after parsing; the file is read anew for every grant, so a replaced
 * key is picked up without a restart.
 *
 * @throws {KeyFileError}
 */
export async function readSigningKey(path: string): Promise<SigningKey> {
  try {
    return parseSigningKey(await readFile(path));
  } catch (error) {
    throw new KeyFileError(path, { cause: error });
  }
}

/**
 * ES256; `kid` is the RFC 7638 thumbprint; `aud` is the issuer as one string (security profile v2).
 *
 * @param claims.nowMs corrected by the platform's clock
 * @param claims.jti 128 random bits, hexadecimal
 */
export function signAssertion(
  key: SigningKey,
  claims: {
    readonly clientId: string;
    readonly issuer: string;
    readonly nowMs: number;
    readonly jti: string;
  },
): Promise<string> {
  const iat = Math.floor(claims.nowMs / 1000);
  return new SignJWT({
    iss: claims.clientId,
    sub: claims.clientId,
    aud: claims.issuer,
    iat,
    nbf: iat,
    exp: iat + lifeSeconds,
    jti: claims.jti,
  })
    .setProtectedHeader({
      alg: "ES256",
      kid: key.publicKey.thumbprint,
      typ: "obs-client-assertion+jwt",
    })
    .sign(key.privateKey);
}
