/** The prefix binds the cookie to this host and to TLS; browsers refuse it on plain HTTP. */
export function sessionCookieName(isSecure: boolean): string {
  return isSecure ? "__Host-obsyk-session" : "obsyk-session";
}
