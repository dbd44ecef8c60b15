/**
 * Responses of HTTP/1.1 as bytes arrive (RFC 9112). What is not exactly what an API server sends is refused, so that two
 * readers of the same bytes cannot differ about where an answer ends.
 *
 * @module
 */
import { KubeError } from "./errors.ts";

export type ResponseHead = {
  readonly status: number;
  /** Names in lower case; of a repeated field all values, joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
};

/** In this order: `head` once, `body` any number of times, `end` once. Interim answers (1xx) are passed over. */
export type ResponseEvents = {
  head(head: ResponseHead): void;
  /** Never empty; valid only during the call. */
  body(bytes: Buffer): void;
  /** @param isReusable the connection may carry another request */
  end(isReusable: boolean): void;
};

/** Status line and fields of one answer, its interim answers and trailers included. */
export const maxHeadBytes = 64 * 1024;
/** A chunk's size and its extensions, which nobody uses. */
const maxChunkLineBytes = 1024;

const lineFeed = 0x0a;

const statusPattern = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** Name and value; no white space before the colon, no folded lines (RFC 9112 §5). */
const fieldPattern =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[\t ]*$/;
/** Sizes beyond 2^52 are none. */
const chunkPattern = /^([0-9a-fA-F]{1,13})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const lengthPattern = /^\d{1,15}$/;

type Part =
  | "idle"
  | "status"
  | "fields"
  | "counted"
  | "unbounded"
  | "chunk-size"
  | "chunk"
  | "chunk-end"
  | "trailers";

export class ResponseReader {
  readonly #events: ResponseEvents;
  #part: Part = "idle";
  /** Of the line being read, what earlier pieces had of it. */
  #line = "";
  /** Bytes of head that may still come. */
  #headRoom = 0;
  /** Bytes of body or chunk that are still to come. */
  #left = 0;
  #status = 0;
  #isOld = false;
  #isReusable = true;
  #headers = new Map<string, string>();

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  /** A request was sent; its answer follows. */
  expect(): void {
    this.#part = "status";
    this.#line = "";
    this.#headRoom = maxHeadBytes;
    this.#isReusable = true;
  }

  /** @throws {KubeError} transport, when the bytes are no HTTP/1.1 or belong to no request */
  push(bytes: Buffer): void {
    let position = 0;
    while (position < bytes.length) {
      switch (this.#part) {
        case "idle":
          throw refused("bytes that belong to no request");
        case "counted":
        case "chunk":
          position = this.#take(bytes, position);
          break;
        case "unbounded":
          this.#events.body(bytes.subarray(position));
          return;
        default:
          position = this.#readLine(bytes, position, this.#part);
      }
    }
  }

  /** The other side has sent all it will. @throws {KubeError} transport, in the midst of an answer */
  closed(): void {
    if (this.#part === "unbounded") this.#end(false);
    else if (this.#part !== "idle") throw new KubeError("transport", "the connection was closed");
  }

  #take(bytes: Buffer, position: number): number {
    const end = Math.min(bytes.length, position + this.#left);
    this.#left -= end - position;
    const isLast = this.#left === 0;
    const isChunk = this.#part === "chunk";
    if (isLast && isChunk) this.#part = "chunk-end";
    this.#events.body(
      position === 0 && end === bytes.length ? bytes : bytes.subarray(position, end),
    );
    if (isLast && !isChunk) this.#end(this.#isReusable);
    return end;
  }

  #readLine(bytes: Buffer, position: number, part: Part): number {
    const found = bytes.indexOf(lineFeed, position);
    const end = found === -1 ? bytes.length : found + 1;
    this.#headRoom -= end - position;
    if (this.#headRoom < 0) throw refused("a head that is too large");
    this.#line += bytes.toString("latin1", position, end);
    if (found === -1) return end;
    if (!this.#line.endsWith("\r\n")) throw refused("a line without its end");
    const line = this.#line.slice(0, -2);
    this.#line = "";
    this.#takeLine(line, part);
    return end;
  }

  #takeLine(line: string, part: Part): void {
    switch (part) {
      case "status":
        return this.#readStatus(line);
      case "fields":
        return line === "" ? this.#openBody() : this.#readField(line);
      case "chunk-size":
        return this.#readChunkSize(line);
      case "chunk-end":
        if (line !== "") throw refused("a chunk longer than it said");
        return this.#expectChunk();
      case "trailers":
        // Nothing in a trailer is needed.
        if (line === "") return this.#end(this.#isReusable);
        if (!fieldPattern.test(line)) throw refused("a field that is none");
        return;
      default:
        throw new TypeError(`no line is read in ${part}`);
    }
  }

  #readStatus(line: string): void {
    const [, minor, status] = statusPattern.exec(line) ?? [];
    if (status === undefined) throw refused("a status line that is none");
    this.#status = Number(status);
    this.#isOld = minor === "0";
    this.#headers = new Map();
    this.#part = "fields";
  }

  #readField(line: string): void {
    const [, name, value] = fieldPattern.exec(line) ?? [];
    if (name === undefined || value === undefined) throw refused("a field that is none");
    const key = name.toLowerCase();
    const before = this.#headers.get(key);
    this.#headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }

  #openBody(): void {
    const status = this.#status;
    // Nobody asked to switch protocols.
    if (status === 101) throw refused("another protocol");
    if (status < 200) {
      this.#part = "status";
      return;
    }
    const headers = this.#headers;
    const length = headers.get("content-length");
    const coding = headers.get("transfer-encoding");
    const options = (headers.get("connection") ?? "").toLowerCase().split(/[\t ]*,[\t ]*/);
    this.#isReusable = !this.#isOld && !options.includes("close");
    if (length !== undefined && (coding !== undefined || !lengthPattern.test(length))) {
      throw refused("an unclear length");
    }
    if (coding !== undefined && (this.#isOld || coding.toLowerCase() !== "chunked")) {
      throw refused("a transfer coding that was not asked for");
    }
    this.#events.head({ status, headers });
    this.#left = Number(length ?? 0);
    if (status === 204 || status === 304) this.#end(this.#isReusable);
    else if (coding !== undefined) this.#expectChunk();
    else if (length === undefined) this.#part = "unbounded";
    else if (this.#left === 0) this.#end(this.#isReusable);
    else this.#part = "counted";
  }

  #expectChunk(): void {
    this.#part = "chunk-size";
    this.#headRoom = maxChunkLineBytes;
  }

  #readChunkSize(line: string): void {
    const [, size] = chunkPattern.exec(line) ?? [];
    if (size === undefined) throw refused("a chunk without its size");
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? "trailers" : "chunk";
    this.#headRoom = this.#left === 0 ? maxHeadBytes : 2;
  }

  #end(isReusable: boolean): void {
    this.#part = "idle";
    this.#events.end(isReusable);
  }
}

/** Never quotes what came. */
function refused(what: string): KubeError {
  return new KubeError("transport", `the API server's answer is no HTTP/1.1: it has ${what}`);
}
