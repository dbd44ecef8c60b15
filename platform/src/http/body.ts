/**
 * Bodies: exact content types, encodings identity, gzip and zstd, and limits that count inflated bytes.
 *
 * @module
 */
import { promisify } from "node:util";
import { constants, gunzip, zstdDecompress } from "node:zlib";
import { mediaTypes } from "@obsyk/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ProblemError } from "./problem.ts";

/** A body of JSON lines. */
export type LinesBody = {
  /** As sent, after compression: what Content-Digest covers (RFC 9530 §2). */
  readonly raw: Buffer;
  /** Inflated. */
  readonly content: Buffer;
};

export type BodyLimits = {
  /** Bytes as sent. */
  readonly bodyBytes: number;
  readonly inflatedBytes: number;
};

const inflateGzip = promisify(gunzip);
const inflateZstd = promisify(zstdDecompress);
/** A window of 8 MiB, as RFC 8878 §3.1.1.1.2 wants every decoder to support and none to exceed. */
const zstdWindowLog = 23;

/**
 * Inflates a body that was read whole; stops at the limit, so a bomb costs the limit and no more.
 *
 * @throws {ProblemError} `too-large`, `unsupported-media-type` or `bad-request`.
 */
export async function inflate(
  raw: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const options = { maxOutputLength: maxBytes };
  try {
    switch (encoding) {
      case undefined:
      case "identity":
        if (raw.length > maxBytes) throw tooLarge(maxBytes);
        return raw;
      case "gzip":
        return await inflateGzip(raw, options);
      case "zstd":
        return await inflateZstd(raw, {
          ...options,
          params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog },
        });
      default:
        throw new ProblemError(
          "unsupported-media-type",
          "Content-Encoding must be zstd, gzip or identity",
        );
    }
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    if (error instanceof RangeError) throw tooLarge(maxBytes);
    throw new ProblemError("bad-request", "The body cannot be inflated by its Content-Encoding");
  }
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError("too-large", `The body is larger than ${maxBytes} bytes when inflated`);
}

/** Makes a server take `application/x-ndjson` bodies; handlers get a `LinesBody`. */
export function acceptLines(
  server: FastifyInstance,
  { bodyBytes, inflatedBytes }: BodyLimits,
): void {
  server.addContentTypeParser<Buffer>(
    mediaTypes.lines,
    { parseAs: "buffer", bodyLimit: bodyBytes },
    async (request: FastifyRequest, raw: Buffer): Promise<LinesBody> => {
      requireContentType(request, [mediaTypes.lines]);
      return { raw, content: await inflate(raw, readEncoding(request), inflatedBytes) };
    },
  );
}

/** Makes a server take `application/json` bodies; members named `__proto__` or `constructor` are refused. */
export function acceptJson(
  server: FastifyInstance,
  { bodyBytes, inflatedBytes }: BodyLimits,
): void {
  const parse = server.getDefaultJsonParser("error", "error");
  server.addContentTypeParser<Buffer>(
    "application/json",
    { parseAs: "buffer", bodyLimit: bodyBytes },
    async (request: FastifyRequest, raw: Buffer): Promise<unknown> => {
      requireContentType(request, ["application/json", "application/json; charset=utf-8"]);
      const content = await inflate(raw, readEncoding(request), inflatedBytes);
      return new Promise((resolve, reject) => {
        // The parser's own error quotes the text, which may hold what must not be sent or logged.
        const refuse = (): void => reject(new ProblemError("bad-request", "The body is not JSON"));
        void parse(request, content.toString("utf8"), (error, value) => {
          if (error === null) resolve(value);
          else refuse();
        });
      });
    },
  );
}

export function readEncoding(request: FastifyRequest): string | undefined {
  return request.headers["content-encoding"]?.toLowerCase();
}

/** Fastify matches media types loosely; here the header is one of these texts. */
export function requireContentType(request: FastifyRequest, accepted: readonly string[]): void {
  const type = request.headers["content-type"]?.toLowerCase();
  if (type === undefined || !accepted.includes(type)) {
    throw new ProblemError(
      "unsupported-media-type",
      `Content-Type must be ${accepted.join(" or ")}`,
    );
  }
}
