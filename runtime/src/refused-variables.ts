/**
 * Environment variables that change how Node speaks TLS, what it loads or what it writes down, behind the back of every
 * check of ours. A process that holds keys or sends data does not start with one of them.
 *
 * @module
 */

const refusedVariables = [
  "NODE_OPTIONS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NODE_EXTRA_CA_CERTS",
  "NODE_V8_COVERAGE",
  "NODE_DEBUG",
  "SSLKEYLOGFILE",
  "LD_PRELOAD",
  "OPENSSL_CONF",
] as const;

/**
 * @param options.hasOwnAuthorities a bundle of our own replaces every store, so `NODE_EXTRA_CA_CERTS` adds nothing.
 * @returns problems as `SettingsError` lists them; none when the environment is clean
 */
export function findRefusedVariables(
  env: { readonly [name: string]: string | undefined },
  options: { readonly hasOwnAuthorities: boolean },
): readonly string[] {
  const dangerous = refusedVariables.filter(
    (name) =>
      (env[name] ?? "") !== "" && !(name === "NODE_EXTRA_CA_CERTS" && options.hasOwnAuthorities),
  );
  if (dangerous.length === 0) return [];
  return [
    `${dangerous.join(", ")} in the environment can weaken TLS, load code or write secrets down: unset it`,
  ];
}
