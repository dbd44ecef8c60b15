/**
 * The stand-in platform's inventory: applies lines, keeps every deletion, and complains about lines that break the
 * rules.
 *
 * @module
 */
import {
  canonicalize,
  lineSchema,
  parseStream,
  type JsonObject,
  type Line,
  type StreamState,
} from "@obsyk/contract";
import { formatSetHash, memberHash, recordHash } from "@obsyk/runtime";

export type StoredObject = { readonly hash: string; readonly record: JsonObject };
type StoredStream = {
  readonly objects: Map<string, StoredObject>;
  /** Set between `begin` and `end`: the request it named. */
  list: { readonly request: string | undefined } | undefined;
  /** `end` lines so far. */
  ends: number;
  checks: number;
  state: StreamState | undefined;
  mark: string | undefined;
};
type Of<Op extends Line["op"]> = Extract<Line, { op: Op }>;

export class MemoryInventory {
  readonly streams = new Map<string, StoredStream>();
  /** Every line that was applied, in order. */
  readonly lines: Line[] = [];
  readonly #hashKey: string;
  readonly #complain: (text: string) => void;

  constructor(hashKey: string, complain: (text: string) => void) {
    this.#hashKey = hashKey;
    this.#complain = complain;
  }

  stream(name: string): StoredStream {
    let stored = this.streams.get(name);
    if (stored === undefined) {
      const empty = { list: undefined, state: undefined, mark: undefined, ends: 0, checks: 0 };
      stored = { objects: new Map(), ...empty };
      this.streams.set(name, stored);
    }
    return stored;
  }

  /** 24 bytes an object, sorted by uid. */
  index(name: string): Buffer {
    const entries = [...this.stream(name).objects].map(([uid, { hash }]) =>
      Buffer.from(uid.replaceAll("-", "") + hash, "hex"),
    );
    return Buffer.concat(entries.sort((one, other) => Buffer.compare(one, other)));
  }

  /** R11: a `begin` without `end` is void once its session ended. */
  abortLists(): void {
    for (const stored of this.streams.values()) stored.list = undefined;
  }

  /** @returns the send-again requests that an `end` in these lines answered. */
  apply(text: string): string[] {
    if (!text.endsWith("\n")) this.#complain("a batch does not end with a line feed");
    const done: string[] = [];
    for (const json of text.split("\n").slice(0, -1)) {
      const parsed = lineSchema.safeParse(JSON.parse(json));
      if (!parsed.success) {
        this.#complain(`line: ${parsed.error.message}`);
        continue;
      }
      const line = parsed.data;
      this.lines.push(line);
      const request = this.#applyLine(line, this.stream(line.stream));
      if (request !== undefined) done.push(request);
    }
    return done;
  }

  #applyLine(line: Line, stored: StoredStream): string | undefined {
    switch (line.op) {
      case "begin":
        stored.list = { request: line.request };
        return undefined;
      case "put":
        this.#put(line, stored);
        return undefined;
      case "delete":
        this.#delete(line, stored);
        return undefined;
      case "end":
        return this.#end(line, stored);
      case "check":
        this.#check(line, stored);
        return undefined;
      case "mark":
        if (stored.list !== undefined) this.#complain("a mark between begin and end");
        stored.mark = line.resourceVersion;
        return undefined;
      case "state":
        stored.state = line.state;
        return undefined;
    }
  }

  #put(line: Of<"put">, stored: StoredStream): void {
    const record = line.record as JsonObject;
    const resource = parseStream(line.stream)?.resource ?? "";
    if (recordHash(this.#hashKey, resource, canonicalize(record)) !== line.hash) {
      this.#complain(`the hash of ${line.uid} is not that of its record`);
    }
    stored.objects.set(line.uid, { hash: line.hash, record });
  }

  #delete(line: Of<"delete">, stored: StoredStream): void {
    if (line.cause === "absent" && stored.list === undefined) {
      this.#complain("a deletion by absence outside of a list");
    }
    if (!stored.objects.delete(line.uid)) this.#complain(`a second deletion of ${line.uid}`);
  }

  #end(line: Of<"end">, stored: StoredStream): string | undefined {
    if (stored.list === undefined) this.#complain(`an end of ${line.stream} without begin`);
    const request = stored.list?.request;
    stored.list = undefined;
    stored.ends += 1;
    return request;
  }

  #check(line: Of<"check">, stored: StoredStream): void {
    if (stored.list !== undefined) this.#complain("a check between begin and end");
    const resource = parseStream(line.stream)?.resource ?? "";
    let setHash = 0n;
    for (const [uid, { hash }] of stored.objects) setHash ^= memberHash(resource, uid, hash);
    stored.checks += 1;
    if (line.count !== stored.objects.size || line.setHash !== formatSetHash(setHash)) {
      this.#complain(`check of ${line.stream}: ${line.count} sent, ${stored.objects.size} here`);
    }
  }
}
