/**
 * What becomes of the live channel when something is heard of it, or nothing. The platform beats at fixed intervals, so
 * silence means that the way is broken, even when no end of the connection was ever told.
 *
 * @module
 */
import { liveBeat } from "@obsyk/contract";

export type LiveState = "connecting" | "live" | "lost";

export type LiveLink = {
  readonly state: LiveState;
  /** Something may have been missed since the last time it was live. */
  readonly missed: boolean;
};

export type LinkEvent =
  | "opened"
  /** A change or a beat. */
  | "heard"
  /** Nothing arrived for {@link silenceMs}. */
  | "silent"
  /** The connection ended; the browser opens another by itself. */
  | "broken"
  /** The answer was no stream; the browser gave up. */
  | "refused";

export type LinkStep = {
  readonly link: LiveLink;
  /** Every answer has to be asked again. */
  readonly askAnew: boolean;
  /** A new connection has to be made after this. */
  readonly reopenMs?: number;
};

/** Two beats did not come. */
export const silenceMs = 2 * liveBeat.everyMs;
const refusedMs = 3000;

export const newLink: LiveLink = { state: "connecting", missed: false };

export function stepLink(link: LiveLink, event: LinkEvent): LinkStep {
  const lost: LiveLink = { state: "lost", missed: true };
  switch (event) {
    case "opened":
      return { link: { state: "live", missed: false }, askAnew: link.missed };
    case "heard":
      return { link, askAnew: false };
    case "broken":
      return { link: lost, askAnew: false };
    case "silent":
      return { link: lost, askAnew: false, reopenMs: 0 };
    case "refused":
      return { link: lost, askAnew: false, reopenMs: refusedMs };
  }
}
