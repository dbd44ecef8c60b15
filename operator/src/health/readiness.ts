/** Whether this process does its work. Depends on neither the platform nor the API server (R22): a standby is ready. */
export class Readiness {
  #reason: string | undefined = "starting";

  started(): void {
    this.#reason = undefined;
  }

  stopping(): void {
    this.#reason = "stopping";
  }

  read(): { readonly ready: boolean; readonly reason?: string } {
    return this.#reason === undefined ? { ready: true } : { ready: false, reason: this.#reason };
  }
}
