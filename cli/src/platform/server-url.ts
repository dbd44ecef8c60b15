import { isLoopback } from "@obsyk/runtime";
import { CliError } from "../errors.ts";

/**
 * The platform a person means: a host alone is taken as https.
 *
 * @throws {CliError} for what is no URL, and for http:// to another machine: credentials would cross it in the open.
 */
export function parseServer(text: string): URL {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url === undefined || url.hostname === "") {
    throw new CliError("USAGE", `not an address: give one such as https://obsyk.example.com`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new CliError(
      "USAGE",
      "the address holds a user name: obsyk login asks for what it needs",
    );
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return url;
  throw new CliError(
    "USAGE",
    `${url.protocol}//${url.host} is not encrypted: use https:// (http:// works to this machine only)`,
  );
}
