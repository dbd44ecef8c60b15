/**
 * Secrets that are told once: 256 random bits, of which the database knows the hash only. So much randomness needs no
 * slow hash.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";

export const newSecret = (): string => randomBytes(32).toString("base64url");

export const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();
