/**
 * The three functions of the Reflect metadata proposal that @peculiar/x509's injector calls while it loads. Import this
 * before that package.
 *
 * @module
 */
type Metadata = {
  defineMetadata?: (key: string, value: unknown, target: object) => void;
  getOwnMetadata?: (key: string, target: object) => unknown;
  getMetadata?: (key: string, target: object) => unknown;
};

const stored = new WeakMap<object, Map<string, unknown>>();

function getMetadata(key: string, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
    const values = stored.get(at);
    if (values?.has(key) === true) return values.get(key);
  }
  return undefined;
}

// The proposal's functions are absent from the standard library's types.
const reflect = Reflect as Metadata;
reflect.defineMetadata ??= (key, value, target) => {
  const values = stored.get(target) ?? new Map<string, unknown>();
  stored.set(target, values.set(key, value));
};
reflect.getOwnMetadata ??= (key, target) => stored.get(target)?.get(key);
reflect.getMetadata ??= getMetadata;
