/**
 * Several deadlines of one activity on one timer. Moving a deadline further away, as every received byte does, touches
 * no timer.
 *
 * @module
 */
import type { Clock } from "@obsyk/runtime";

export type Alarms = Disposable & {
  /** Calls `ring` once when `afterMs` have passed; setting it again replaces it. */
  set(name: string, afterMs: number, ring: () => void): void;
  clear(name: string): void;
};

type Alarm = { readonly at: number; readonly ring: () => void };

export function openAlarms(clock: Clock): Alarms {
  const alarms = new Map<string, Alarm>();
  let timer: { readonly at: number; readonly stop: AbortController } | undefined;
  const arm = (): void => {
    const at = Math.min(...Array.from(alarms.values(), (alarm) => alarm.at));
    if (!Number.isFinite(at) || (timer !== undefined && timer.at <= at)) return;
    timer?.stop.abort();
    const stop = new AbortController();
    timer = { at, stop };
    clock.sleep(at - clock.monotonic(), { signal: stop.signal }).then(
      () => {
        if (stop.signal.aborted) return undefined;
        timer = undefined;
        ringDue();
        return arm();
      },
      // Replaced or closed.
      () => undefined,
    );
  };
  const ringDue = (): void => {
    const now = clock.monotonic();
    for (const [name, alarm] of alarms) {
      if (alarm.at > now) continue;
      alarms.delete(name);
      alarm.ring();
    }
  };
  return {
    set(name, afterMs, ring) {
      const at = clock.monotonic() + afterMs;
      alarms.set(name, { at, ring });
      if (timer === undefined || at < timer.at) arm();
    },
    clear(name) {
      alarms.delete(name);
    },
    [Symbol.dispose]() {
      alarms.clear();
      timer?.stop.abort();
      timer = undefined;
    },
  };
}
