/**
 * PEM blocks read as bytes: the text of a private key never becomes a JavaScript string, because strings cannot be
 * overwritten.
 *
 * @module
 */

export type PemBlock = {
  /** `EC PRIVATE KEY`, `CERTIFICATE` … */
  readonly label: string;
  /** Whether the block has header lines (`Proc-Type`, as legacy encryption writes). */
  readonly hasHeaders: boolean;
  /** From BEGIN to END line; `undefined` when the END line is missing. */
  readonly body: Buffer | undefined;
};

const begin = Buffer.from("-----BEGIN ");
const dashes = Buffer.from("-----");
/** More blocks than any sensible file has; the rest is not looked at. */
const maxBlocks = 16;

export function readPemBlocks(bytes: Buffer): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let from = bytes.indexOf(begin);
  while (from >= 0 && blocks.length < maxBlocks) {
    const labelFrom = from + begin.length;
    const labelTo = bytes.indexOf(dashes, labelFrom);
    if (labelTo < 0 || labelTo - labelFrom > 64) break;
    const label = bytes.toString("latin1", labelFrom, labelTo);
    const bodyFrom = labelTo + dashes.length;
    const bodyTo = bytes.indexOf(`-----END ${label}-----`, bodyFrom, "latin1");
    const body = bodyTo < 0 ? undefined : bytes.subarray(bodyFrom, bodyTo);
    blocks.push({ label, hasHeaders: body?.includes(":") ?? false, body });
    from = bytes.indexOf(begin, bodyTo < 0 ? bodyFrom : bodyTo);
  }
  return blocks;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The DER bytes of a block, decoded without a string; `undefined` when the body is no base64. */
export function decodePemBody(body: Buffer): Buffer | undefined {
  const der = Buffer.alloc(Math.ceil((body.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let pending = 0;
  let padded = false;
  for (const byte of body) {
    // White space between the characters, CRLF included.
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) continue;
    if (byte === 0x3d) {
      padded = true;
      continue;
    }
    const value = alphabet.indexOf(String.fromCharCode(byte));
    if (value < 0 || padded) return undefined;
    pending = ((pending << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      der[length] = (pending >> bits) & 0xff;
      length += 1;
    }
  }
  return der.subarray(0, length);
}
