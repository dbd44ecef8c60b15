import type { Host } from "../host.ts";

/** A line on a terminal that is overwritten while work goes on, and gone when it is done. Nothing elsewhere. */
export class Progress implements Disposable {
  readonly #sink: Host["error"];
  #shown = false;

  constructor({ error }: Pick<Host, "error">) {
    this.#sink = error;
  }

  show(text: string): void {
    if (this.#sink.isTTY !== true) return;
    this.#shown = true;
    this.#sink.write(`\r\u001b[K${text}`);
  }

  [Symbol.dispose](): void {
    if (this.#shown) this.#sink.write("\r\u001b[K");
    this.#shown = false;
  }
}
