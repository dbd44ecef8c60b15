const timeOfDay = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const dayOfMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayMs = 86_400_000;

/** `12:03:04` in the reader's time zone; with the day when that is more than a day from now. */
export function clockText(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const day = Math.abs(nowMs - atMs) > dayMs ? `${dayOfMonth.format(at)}, ` : "";
  return day + timeOfDay.format(at);
}
