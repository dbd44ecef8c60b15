/** For tests: a real OpenID provider on loopback, and a browser that signs in at it. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

type TestUser = {
  readonly email: string;
  readonly email_verified?: boolean;
  readonly name?: string;
  readonly groups?: readonly string[];
};

export type TestProvider = AsyncDisposable & {
  readonly issuer: string;
  readonly clientId: string;
  /** By account name; tests change them. */
  readonly users: Map<string, TestUser>;
};

export async function openTestProvider(
  redirectUri: string,
  clientSecret?: string,
): Promise<TestProvider> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const clientId = "obsyk";
  const users = new Map<string, TestUser>();
  const signing = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
        id_token_signed_response_alg: "ES256",
        ...(clientSecret === undefined
          ? { token_endpoint_auth_method: "none" as const }
          : { client_secret: clientSecret, token_endpoint_auth_method: "client_secret_basic" }),
      },
    ],
    jwks: { keys: [{ ...signing.export({ format: "jwk" }), use: "sig", alg: "ES256" }] },
    claims: { email: ["email", "email_verified"], profile: ["name", "groups"] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
    cookies: { keys: ["test"] },
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, ...users.get(accountId) }),
    }),
  });
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  return {
    issuer,
    clientId,
    users,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Signs in at the provider's own pages. @returns the URL it sends the browser back to */
export async function signInAt(url: string, login: string): Promise<URL> {
  const cookies = new Map<string, string>();
  const ask = async (target: string, form?: object): Promise<Response> => {
    const response = await fetch(target, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams({ ...form }) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  };
  const origin = new URL(url).origin;
  let response = await ask(url);
  for (let step = 0; step < 12; step += 1) {
    const location = response.headers.get("location");
    if (location !== null) {
      const next = new URL(location, origin);
      if (next.origin !== origin) return next;
      response = await ask(next.href);
      continue;
    }
    const page = await response.text();
    const [, action] = /<form[^>]*action="([^"]+)"/.exec(page) ?? [];
    if (action === undefined) throw new Error(`no form: ${response.status} ${page.slice(0, 300)}`);
    const isLogin = page.includes('name="login"');
    response = await ask(
      new URL(action, origin).href,
      isLogin ? { prompt: "login", login, password: "x" } : { prompt: "consent" },
    );
  }
  throw new Error("the provider sent nobody back");
}
