/**
 * Times as Kubernetes writes them in JSON: RFC 3339 in UTC, whole seconds for Time, six decimals for MicroTime.
 *
 * @module
 */

/** First and last second that RFC 3339 can write: years 0 to 9999. */
const firstSecond = -62_167_219_200;
const lastSecond = 253_402_300_799;
/** Go's zero time, 1 January of year 1: absent in JSON. */
const zeroSecond = -62_135_596_800;
const daySeconds = 86_400;

export function isZeroTime(seconds: number, nanos: number): boolean {
  return seconds === zeroSecond && nanos === 0;
}

export function isWritableTime(seconds: number, nanos: number): boolean {
  return seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos < 1e9;
}

/** The same as text, without quotes and decimals. */
export function timeText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/**
 * Writes `"YYYY-MM-DDTHH:MM:SSZ"`, quotes included, as bytes.
 *
 * @param micros six decimals, or -1 for none
 * @returns the position behind
 */
export function writeTime(
  into: Uint8Array,
  position: number,
  seconds: number,
  micros: number,
): number {
  const days = Math.floor(seconds / daySeconds);
  const rest = seconds - days * daySeconds;
  // Proleptic Gregorian calendar in eras of 400 years that begin on 1 March.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  let at = position;
  into[at] = 0x22;
  at = digits(into, at + 1, year, 4);
  at = separated(into, at, 0x2d, month);
  at = separated(into, at, 0x2d, dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1);
  at = separated(into, at, 0x54, Math.floor(rest / 3600));
  at = separated(into, at, 0x3a, Math.floor(rest / 60) % 60);
  at = separated(into, at, 0x3a, rest % 60);
  if (micros >= 0) {
    into[at] = 0x2e;
    at = digits(into, at + 1, micros, 6);
  }
  into[at] = 0x5a;
  into[at + 1] = 0x22;
  return at + 2;
}

function separated(into: Uint8Array, at: number, separator: number, value: number): number {
  into[at] = separator;
  return digits(into, at + 1, value, 2);
}

function digits(into: Uint8Array, at: number, value: number, count: number): number {
  let rest = value;
  for (let index = at + count - 1; index >= at; index -= 1) {
    const tens = Math.floor(rest / 10);
    into[index] = 0x30 + rest - tens * 10;
    rest = tens;
  }
  return at + count;
}
