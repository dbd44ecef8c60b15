import { isLoopback } from "@obsyk/runtime";
import { OperatorSettingError } from "../errors.ts";

/**
 * The platform's address as an origin: it is the issuer, the audience of assertions and the base of every call.
 *
 * @throws {OperatorSettingError} for anything but an https origin; `http://` only with the development switch, and only
 * to this machine.
 */
export function parsePlatformUrl(text: string, allowHttpLoopback: boolean): URL {
  const url = URL.parse(text);
  if (url === null) throw new OperatorSettingError("the platform URL is not a URL");
  if (url.username !== "" || url.password !== "") {
    throw new OperatorSettingError("the platform URL must not hold a user name or password");
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new OperatorSettingError(
      "the platform URL must be an origin, such as https://obsyk.example.com, without path or query",
    );
  }
  if (url.protocol === "https:") return url;
  if (url.protocol !== "http:") {
    throw new OperatorSettingError("the platform URL must begin with https://");
  }
  if (!allowHttpLoopback) {
    throw new OperatorSettingError(
      "the platform URL must begin with https://: http:// is refused except with the development switch",
    );
  }
  if (!isLoopback(url)) {
    throw new OperatorSettingError(
      "the development switch allows http:// to localhost, 127.0.0.1 and [::1] only",
    );
  }
  return url;
}
