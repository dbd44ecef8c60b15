import { isLoopback } from "@obsyk/runtime";

/**
 * What is wrong with the platform's address; `undefined` for an https origin, or for an http one to this machine with the
 * development switch. It is the issuer, the audience of assertions and the base of every call.
 */
export function findUrlProblem(text: string, allowHttpLoopback: boolean): string | undefined {
  const url = URL.parse(text);
  if (url === null) return "the platform URL is not a URL";
  if (url.username !== "" || url.password !== "") {
    return "the platform URL must not hold a user name or password";
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return "the platform URL must be an origin, such as https://obsyk.example.com, without path or query";
  }
  if (url.protocol === "https:") return undefined;
  if (url.protocol !== "http:") return "the platform URL must begin with https://";
  if (!allowHttpLoopback) {
    return "the platform URL must begin with https://: http:// is refused except with the development switch";
  }
  return isLoopback(url)
    ? undefined
    : "the development switch allows http:// to localhost, 127.0.0.1 and [::1] only";
}
