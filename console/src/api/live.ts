/**
 * The live channel: server-sent events tell that something changed, never what; the affected answers are asked again,
 * at most once a second.
 *
 * @module
 */
import { apiPaths, liveBeat, liveEventSchema } from "@obsyk/contract";
import type { PlatformClock } from "../clock.ts";
import { addChange, noChanges, type Changes } from "../logic/changes.ts";
import {
  newLink,
  silenceMs,
  stepLink,
  type LinkEvent,
  type LiveLink,
  type LiveState,
} from "../logic/live-link.ts";

type LiveOptions = {
  readonly clock: PlatformClock;
  readonly onState: (state: LiveState) => void;
  /** Resolves when the affected answers have been asked again; the next call waits for it. */
  readonly onChanges: (changes: Changes) => Promise<void>;
  /** After a reconnect anything may have changed. */
  readonly onReconnect: () => void;
};

const minPeriodMs = 1000;

/** One connection for the whole page; it comes back by itself until closed. */
export class LiveChannel {
  readonly #options: LiveOptions;
  #source: EventSource | undefined;
  #pending: Changes = noChanges;
  #cancelFlush: (() => void) | undefined;
  #cancelReopen: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #flushing = false;
  #link: LiveLink = newLink;
  #closed = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#open();
  }

  close(): void {
    this.#closed = true;
    this.#cancelFlush?.();
    this.#cancelReopen?.();
    this.#cancelWatch?.();
    this.#source?.close();
  }

  #open(): void {
    this.#source?.close();
    const source = new EventSource(apiPaths.live);
    this.#source = source;
    this.#watch();
    source.addEventListener("open", () => {
      this.#step("opened");
    });
    source.addEventListener(liveBeat.event, () => {
      this.#step("heard");
    });
    source.addEventListener("message", (event: MessageEvent<unknown>) => {
      this.#step("heard");
      this.#receive(event.data);
    });
    source.addEventListener("error", () => {
      // The browser reconnects by itself after a broken connection, but gives up after an answer that is no stream.
      this.#step(source.readyState === EventSource.CLOSED ? "refused" : "broken");
    });
  }

  #watch(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = this.#options.clock.after(silenceMs, () => {
      this.#step("silent");
    });
  }

  #step(event: LinkEvent): void {
    if (this.#closed) return;
    const { link, askAnew, reopenMs } = stepLink(this.#link, event);
    if (link.state !== this.#link.state) this.#options.onState(link.state);
    this.#link = link;
    if (askAnew) this.#options.onReconnect();
    this.#watch();
    if (reopenMs === undefined) return;
    this.#cancelReopen?.();
    this.#cancelReopen = this.#options.clock.after(reopenMs, () => {
      this.#open();
    });
  }

  #receive(text: unknown): void {
    const event = liveEventSchema.safeParse(parseJson(text));
    if (!event.success) return;
    this.#pending = addChange(this.#pending, event.data);
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    if (this.#closed || this.#flushing || this.#cancelFlush !== undefined) return;
    this.#cancelFlush = this.#options.clock.after(delayMs, () => {
      void this.#flush();
    });
  }

  /** `#flushing` stays set for the whole period, so that calls are a second apart and never overlap. */
  async #flush(): Promise<void> {
    this.#flushing = true;
    const changes = this.#pending;
    this.#pending = noChanges;
    const startedMs = this.#options.clock.now();
    try {
      await this.#options.onChanges(changes);
    } finally {
      const passedMs = this.#options.clock.now() - startedMs;
      this.#flushing = false;
      this.#cancelFlush = undefined;
      this.#cancelFlush = this.#options.clock.after(Math.max(0, minPeriodMs - passedMs), () => {
        this.#cancelFlush = undefined;
        if (this.#pending.size > 0) this.#schedule(0);
      });
    }
  }
}

function parseJson(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
