/** First and last second that RFC 3339 can write: years 0 to 9999. */
const firstSecond = -62_167_219_200;
const lastSecond = 253_402_300_799;
/** Go's zero time, 1 January of year 1: absent in JSON. */
const zeroSecond = -62_135_596_800;

/**
 * A Timestamp as Kubernetes writes it in JSON: UTC, whole seconds for Time, six decimals for MicroTime, in quotes.
 */
export function formatTime(seconds: number, nanos: number, kind: "time" | "microTime"): string {
  if (seconds === zeroSecond && nanos === 0) return "zero";
  if (!(seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos < 1e9)) {
    return "unrepresentable";
  }
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (kind === "time") return `"${whole}Z"`;
  return `"${whole}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z"`;
}
