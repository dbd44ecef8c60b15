/** Every split of the bytes gives the same answer; what Node's own parser reads, we read alike; what is broken is an error. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { KubeError } from "./errors.ts";
import { maxHeadBytes, ResponseReader, type ResponseHead } from "./http-response.ts";

type Read = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly isReusable: boolean;
};

/** What one answer reads as; `pieces` are parts of it, in order. */
function readAnswer(pieces: readonly Uint8Array[], closes = true): Read {
  const heads: ResponseHead[] = [];
  const body: Buffer[] = [];
  const ends: boolean[] = [];
  const reader = new ResponseReader({
    head: (head) => heads.push(head),
    body(bytes) {
      assert.ok(bytes.length > 0);
      assert.equal(heads.length, 1);
      assert.equal(ends.length, 0);
      body.push(Buffer.from(bytes));
    },
    end: (isReusable) => ends.push(isReusable),
  });
  reader.expect();
  for (const piece of pieces) {
    // A copy that is overwritten, as the receive buffer is: what was kept of it would show.
    const bytes = Buffer.from(piece);
    reader.push(bytes);
    bytes.fill(0xff);
  }
  if (closes) reader.closed();
  const [head] = heads;
  const [isReusable] = ends;
  assert.ok(head !== undefined && isReusable !== undefined && ends.length === 1);
  return { ...head, body: Buffer.concat(body).toString("latin1"), isReusable };
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index]));
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
const value = fc.stringMatching(
  /^(?:[\x21-\x7e\x80-\xff]{1,8}(?: [\x21-\x7e\xa1-\xff]{1,8}){0,2})?$/,
);
const framed = new Set(["content-length", "transfer-encoding", "connection", "upgrade", "trailer"]);
const fields = fc
  .array(fc.tuple(token, value), { maxLength: 5 })
  .map((list) => list.filter(([name]) => !framed.has(name.toLowerCase())));
const body = fc.uint8Array({ maxLength: 300 });

type Framing =
  | { readonly kind: "length" }
  | { readonly kind: "close" }
  | { readonly kind: "chunked"; readonly sizes: readonly number[]; readonly trailer: boolean };
const framing: fc.Arbitrary<Framing> = fc.oneof(
  fc.constant<Framing>({ kind: "length" }),
  fc.constant<Framing>({ kind: "close" }),
  fc.record({
    kind: fc.constant("chunked" as const),
    sizes: fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 6 }),
    trailer: fc.boolean(),
  }),
);

const answer = fc.record({
  status: fc.constantFrom(200, 200, 201, 400, 404, 410, 429, 503),
  interim: fc.boolean(),
  closes: fc.boolean(),
  fields,
  body,
  framing,
});

function encode(made: {
  readonly status: number;
  readonly interim: boolean;
  readonly closes: boolean;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  readonly framing: Framing;
}): Buffer {
  const lines = made.fields.map(([name, content]) => `${name}: ${content}`);
  const all = Buffer.from(made.body);
  let content = all;
  if (made.closes) lines.push("Connection: close");
  if (made.framing.kind === "length") lines.push(`Content-Length: ${all.length}`);
  if (made.framing.kind === "chunked") {
    lines.push("Transfer-Encoding: chunked");
    const chunks = split(all, made.framing.sizes).filter((chunk) => chunk.length > 0);
    content = Buffer.concat([
      ...chunks.flatMap((chunk) => [
        latin1(`${chunk.length.toString(16)}\r\n`),
        chunk,
        latin1("\r\n"),
      ]),
      latin1(`0\r\n${made.framing.trailer ? "x-sum: 1\r\n" : ""}\r\n`),
    ]);
  }
  const interim = made.interim ? "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" : "";
  const head = [`HTTP/1.1 ${made.status} Some Reason`, ...lines, "", ""].join("\r\n");
  return Buffer.concat([latin1(interim + head), content]);
}

test("ResponseReader: any split of the bytes gives the same answer", () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat(), { maxLength: 40 }), (made, cuts) => {
      const bytes = encode(made);
      const whole = readAnswer([bytes]);
      assert.equal(whole.status, made.status);
      assert.equal(whole.body, Buffer.from(made.body).toString("latin1"));
      assert.equal(whole.isReusable, !made.closes && made.framing.kind !== "close");
      assert.deepEqual(readAnswer(split(bytes, cuts)), whole);
      const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
      assert.deepEqual(readAnswer(single), whole);
    }),
  );
});

test("ResponseReader: reads what node:http reads", async () => {
  let current: Buffer = Buffer.alloc(0);
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(current));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await fc.assert(
      fc.asyncProperty(answer, async (made) => {
        current = encode(made);
        const call = request({ host: "127.0.0.1", port, agent: false });
        call.end();
        const [response] = (await once(call, "response")) as [IncomingMessage];
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const ours = readAnswer([current]);
        assert.equal(ours.status, response.statusCode);
        assert.equal(ours.body, Buffer.concat(chunks).toString("latin1"));
        // Node joins some repeated fields otherwise and drops others, so each is compared as sent.
        const theirs = new Map<string, string>();
        for (let at = 0; at < response.rawHeaders.length; at += 2) {
          const name = response.rawHeaders[at]!.toLowerCase();
          const before = theirs.get(name);
          const content = response.rawHeaders[at + 1]!;
          theirs.set(name, before === undefined ? content : `${before}, ${content}`);
        }
        assert.deepEqual(ours.headers, theirs);
      }),
      { numRuns: 60 },
    );
  } finally {
    server.close();
  }
});

test("ResponseReader: one answer after the other on one connection", () => {
  const ends: string[] = [];
  let text = "";
  const reader = new ResponseReader({
    head: () => undefined,
    body: (bytes) => (text += bytes.toString()),
    end(isReusable) {
      ends.push(`${text} ${isReusable}`);
      text = "";
    },
  });
  reader.expect();
  reader.push(latin1("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"));
  reader.expect();
  reader.push(latin1("HTTP/1.1 204 No Content\r\n\r\n"));
  reader.expect();
  reader.push(latin1("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  assert.deepEqual(ends, ["one true", " true", " false"]);
  reader.closed();
});

const broken: readonly (readonly [string, string])[] = [
  ["another protocol", "HTTP/2 200 OK\r\n\r\n"],
  ["no status", "HTTP/1.1 OK\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["switching protocols", "HTTP/1.1 101 Switching\r\n\r\n"],
  ["a line feed alone", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["a carriage return within a value", "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n"],
  ["NUL in a value", "HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n"],
  ["white space before a colon", "HTTP/1.1 200 OK\r\na : b\r\n\r\n"],
  ["a folded line", "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n"],
  ["a field without a name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n"],
  ["a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"],
  [
    "length and chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  ],
  ["another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["a chunk size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"],
  [
    "a chunk size too large",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"f".repeat(14)}\r\n`,
  ],
  ["a chunk that goes on", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"],
  [
    "endless extensions",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${"x".repeat(2000)}`,
  ],
  ["an endless head", `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(maxHeadBytes / 6)}`],
  ["an endless line", `HTTP/1.1 200 OK\r\na: ${"b".repeat(maxHeadBytes)}`],
  ["endless interim answers", "HTTP/1.1 103 Early\r\n\r\n".repeat(4000)],
  ["bytes after the answer", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"],
];

for (const [what, text] of broken) {
  test(`ResponseReader: refuses ${what}, and quotes nothing`, () => {
    const read = (): Read => readAnswer([latin1(text)], false);
    assert.throws(read, {
      code: "transport",
      message: /^the API server's answer is no HTTP\/1\.1/,
    });
  });
}

test("ResponseReader: an answer cut anywhere is an error, unless its end is the connection's", () => {
  fc.assert(
    fc.property(answer, fc.nat(), (made, at) => {
      const bytes = encode(made);
      const cut = bytes.subarray(0, at % bytes.length);
      const headBytes = bytes.length - made.body.length;
      fc.pre(made.framing.kind !== "close" || cut.length < headBytes);
      assert.throws(() => readAnswer([cut]), { code: "transport" });
    }),
  );
});

test("ResponseReader: arbitrary bytes after a proper head end in an answer or an error", () => {
  const head = latin1("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
      let outcome: unknown = "answer";
      try {
        readAnswer([head, rest, latin1("\r\n")]);
      } catch (error) {
        outcome = error;
      }
      assert.ok(
        outcome === "answer" || (outcome instanceof KubeError && outcome.code === "transport"),
      );
    }),
  );
});
