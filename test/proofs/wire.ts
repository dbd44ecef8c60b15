/** Canaries on a recorded wire. */
import { splitHttpMessages, type CanaryFlock, type RecordingProxy } from "@obsyk/testkit";

export type Received = {
  readonly messages: number;
  readonly bytes: number;
  /** Values outside kubectl apply's annotation. */
  readonly values: readonly string[];
  /** Values inside it. */
  readonly annotated: readonly string[];
  readonly annotationCopies: number;
};

const annotation = Buffer.from('"kubectl.kubernetes.io/last-applied-configuration":"');
const quote = 0x22;
const backslash = 0x5c;

/** Searches one direction of all connections: heads, and bodies without the chunk borders that could split a value. */
export async function searchReceived(
  proxy: RecordingProxy,
  flock: CanaryFlock,
  direction: "sent" | "received" = "received",
): Promise<Received> {
  let messages = 0;
  let bytes = 0;
  const values: string[] = [];
  const annotated: string[] = [];
  for (const recording of await proxy.recordings(direction)) {
    bytes += recording.bytes.length;
    for (const { body, start, headers } of splitHttpMessages(recording.bytes)) {
      messages += 1;
      for (const { canary, offset, compressed } of flock.search(body)) {
        (!compressed && liesInAnnotation(body, offset) ? annotated : values).push(canary);
      }
      const head = Buffer.from(`${start}\n${[...headers].flat().join("\n")}`);
      values.push(...flock.search(head).map(({ canary }) => canary));
    }
  }
  return { messages, bytes, values, annotated, annotationCopies: annotated.length };
}

/** Whether the JSON string around this offset is the annotation's value. */
function liesInAnnotation(body: Buffer, offset: number): boolean {
  const key = body.lastIndexOf(annotation, offset);
  if (key === -1) return false;
  for (let at = key + annotation.length; at < offset; at += 1) {
    if (body[at] === backslash) at += 1;
    else if (body[at] === quote) return false;
  }
  return true;
}
