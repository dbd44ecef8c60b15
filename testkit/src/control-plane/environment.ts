/** The environment of the process that runs the tests: where caches are and which stand-in a stranger named. */
export type Environment = { readonly [name: string]: string | undefined };

export function testEnvironment(): Environment {
  return process.env;
}
