/** Splits one direction of a recorded HTTP/1.1 connection into messages, so that chunk borders hide nothing. */

export type RecordedMessage = {
  /** Request or status line; empty when the recording ends before it does. */
  readonly start: string;
  /** Names in lower case; the last of equal names wins. */
  readonly headers: ReadonlyMap<string, string>;
  /** Chunks joined; still in its content encoding. */
  readonly body: Buffer;
  /** Whether the whole body was recorded. */
  readonly complete: boolean;
};

const blankLine = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");

/**
 * Every byte but chunk headers is in some message; one that broke off in its head has an empty `start`.
 *
 * @throws when the bytes are not HTTP/1.1.
 */
export function splitHttpMessages(bytes: Buffer): RecordedMessage[] {
  const messages: RecordedMessage[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(blankLine, at);
    if (end === -1) {
      messages.push({ start: "", headers: new Map(), body: bytes.subarray(at), complete: false });
      break;
    }
    const [start = "", ...lines] = bytes.toString("latin1", at, end).split("\r\n");
    if (!/(^HTTP\/1\.1 \d{3}|HTTP\/1\.1$)/.test(start)) {
      throw new Error(`no HTTP/1.1 message at ${at}: ${JSON.stringify(start.slice(0, 80))}`);
    }
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const { body, next, complete } = readBody(bytes, end + blankLine.length, headers);
    messages.push({ start, headers, body, complete });
    at = next;
  }
  return messages;
}

type Body = { readonly body: Buffer; readonly next: number; readonly complete: boolean };

function readBody(bytes: Buffer, from: number, headers: ReadonlyMap<string, string>): Body {
  if (headers.get("transfer-encoding") === "chunked") return readChunks(bytes, from);
  const length = Number(headers.get("content-length") ?? 0);
  const body = bytes.subarray(from, from + length);
  return { body, next: from + length, complete: body.length === length };
}

function readChunks(bytes: Buffer, from: number): Body {
  const chunks: Buffer[] = [];
  let at = from;
  for (;;) {
    const end = bytes.indexOf(lineEnd, at);
    if (end === -1) return { body: Buffer.concat(chunks), next: bytes.length, complete: false };
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    const start = end + lineEnd.length;
    if (size === 0) {
      // No trailers: neither side of ours sends any.
      return { body: Buffer.concat(chunks), next: start + lineEnd.length, complete: true };
    }
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + lineEnd.length;
  }
}
