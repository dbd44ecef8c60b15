/**
 * Sessions one after the other (R4): ask for one, let the readers run in it, start anew when it ends, stand by when
 * another instance holds the cluster.
 *
 * @module
 */
import { formatStream, type SessionRequest, type Stream } from "@obsyk/contract";
import {
  backoffMs,
  clampRetryAfter,
  reflectorBackoff,
  type BackoffLimits,
  type Clock,
} from "@obsyk/runtime";
import { PlatformAnswerError } from "../errors.ts";
import type { AgentCalls, Granted } from "./agent-calls.ts";
import type { DeliverEvents } from "./deliver-events.ts";
import { settleOrAbort } from "./room.ts";
import type { SessionEnd } from "./sender.ts";
import { Session, type DeclaredStream } from "./session.ts";

export type DeliveryOptions = {
  readonly calls: AgentCalls;
  readonly streams: readonly Stream[];
  /** All but the clock; asked for anew before each attempt, since the cluster may be another (R23). */
  readonly request: (signal: AbortSignal) => Promise<AskedSession>;
  /** Runs the readers of one session: returns when all have stopped after its signal aborted. */
  readonly readers: (session: Session, signal: AbortSignal) => Promise<void>;
  /** What the API server says of itself now. */
  readonly kubernetesVersion?: () => string | undefined;
  /** The session that lives now, for metrics. */
  readonly onSession?: (session: Session | undefined) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: DeliverEvents;
  readonly backoff?: BackoffLimits;
  readonly queueBytes?: number;
  readonly healBackoff?: BackoffLimits;
};

export type AskedSession = Omit<SessionRequest, "clock">;
type Opened = { readonly grant: Granted; readonly request: AskedSession };

/** Bounds of a clean end: what is queued is sent, then goodbye is said. */
const drainMs = 5_000;
const goodbyeMs = 2_000;
/** Wait of an instance that was superseded before it asks again. */
const supersededSeconds = 30;

/** Runs until the signal aborts; then drains, says goodbye and returns. */
export async function runDelivery(options: DeliveryOptions, signal: AbortSignal): Promise<void> {
  const { clock, events } = options;
  try {
    for (let short = 0; !signal.aborted;) {
      const opened = await askForSession(options, signal);
      const startedAt = clock.monotonic();
      const end = await runSession(options, opened, signal);
      if (end === undefined) return;
      events.sessionEnded({ reason: end.kind === "superseded" ? end.kind : end.reason });
      if (end.kind === "superseded") await standBy(options, supersededSeconds, signal);
      // A session that ends at once, again and again, must not become a storm.
      short = clock.monotonic() - startedAt < 60_000 ? short + 1 : 0;
      if (short > 1) await clock.sleep(ownWait(options, short - 1), { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Asks until a session is granted. Refusals are retried for ever: people repair registrations. */
async function askForSession(options: DeliveryOptions, signal: AbortSignal): Promise<Opened> {
  const { calls, clock, events } = options;
  for (let failures = 1; ;) {
    try {
      const request = await options.request(signal);
      const asked = { ...request, clock: Math.round(clock.now()) };
      const answer = await calls.openSession(asked, { signal });
      if (answer.status === "granted") return { grant: answer, request };
      failures = 1;
      await standBy(options, answer.retryAfterSeconds, signal);
    } catch (error) {
      signal.throwIfAborted();
      const retryAfter = error instanceof PlatformAnswerError ? error.retryAfter : undefined;
      const waitMs = clampRetryAfter(retryAfter, ownWait(options, failures));
      failures += 1;
      events.sessionRefused({ error, waitMs });
      await clock.sleep(waitMs, { signal });
    }
  }
}

/** The same question with more streams brings the same session; anything else ends it. */
async function declareStreams(
  { calls, clock, request }: Pick<DeliveryOptions, "calls" | "clock"> & Pick<Opened, "request">,
  added: readonly DeclaredStream[],
  signal: AbortSignal,
): Promise<Granted> {
  const more = added.map(({ stream, recordVersion }) => ({
    stream: formatStream(stream),
    recordVersion,
  }));
  const streams = [...request.streams, ...more];
  const asked = { ...request, streams, clock: Math.round(clock.now()) };
  const answer = await calls.openSession(asked, { signal });
  if (answer.status === "granted") return answer;
  throw new PlatformAnswerError("adding streams", { status: 200, type: "superseded" });
}

/** R22: cold; nothing is listed, watched or held. */
async function standBy(
  options: DeliveryOptions,
  retryAfterSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  options.events.standingBy({ retryAfterSeconds });
  const waitMs = Math.min(retryAfterSeconds, 60) * 1000;
  await options.clock.sleep(waitMs, { signal });
}

function ownWait(
  { random, backoff = reflectorBackoff }: DeliveryOptions,
  failures: number,
): number {
  return backoffMs(failures, random, backoff);
}

/** `undefined`: our own signal ended it. */
async function runSession(
  options: DeliveryOptions,
  { grant, request }: Opened,
  signal: AbortSignal,
): Promise<SessionEnd | undefined> {
  const { clock, events } = options;
  events.sessionGranted({ epoch: grant.epoch, nextSequence: grant.nextSequence });
  const session = new Session({
    ...options,
    grant,
    clusterUid: request.clusterUid,
    declare: (streams, lives) => declareStreams({ ...options, request }, streams, lives),
    backoff: options.backoff ?? reflectorBackoff,
  });
  options.onSession?.(session);
  const reading = new AbortController();
  const sending = new AbortController();
  const readers = options.readers(session, AbortSignal.any([signal, reading.signal]));
  const sender = session.run(sending.signal);
  const stopped = Promise.withResolvers<undefined>();
  const onAbort = (): void => stopped.resolve(undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const end = await Promise.race([sender, stopped.promise, failureOf(readers)]);
    if (end === undefined) await drain(session, { readers, clock });
    if (end === undefined) await sayGoodbye(options, grant);
    return end;
  } finally {
    signal.removeEventListener("abort", onAbort);
    reading.abort(new Error("the session ended"));
    sending.abort(new Error("the session ended"));
    await Promise.allSettled([readers, sender]);
    options.onSession?.(undefined);
  }
}

/** Readers that fail are a bug; ones that merely stop are not. */
async function failureOf(readers: Promise<void>): Promise<never> {
  await readers;
  return new Promise<never>(() => {});
}

async function drain(
  session: Session,
  { readers, clock }: { readonly readers: Promise<void>; readonly clock: Clock },
): Promise<void> {
  const bound = new AbortController();
  const timer = clock
    .sleep(drainMs, { signal: bound.signal })
    .then(() => bound.abort(new Error("draining took too long")));
  try {
    await settleOrAbort(readers, bound.signal);
    await session.drained(bound.signal);
  } catch {
    // What was not sent is listed again by the next process.
  } finally {
    bound.abort(new Error("drained"));
    await timer.catch(() => {});
  }
}

async function sayGoodbye({ calls, events }: DeliveryOptions, grant: Granted): Promise<void> {
  try {
    await calls.goodbye(grant, { signal: AbortSignal.timeout(goodbyeMs) });
    events.sessionEnded({ reason: "goodbye" });
  } catch {
    // The platform notices the silence.
    events.sessionEnded({ reason: "no goodbye" });
  }
}
