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

// The standard library's types do not know the proposal.
const reflect = Reflect as Metadata;
reflect.getMetadata ??= getMetadata;
reflect.getOwnMetadata ??= (key, target) => stored.get(target)?.get(key);
reflect.defineMetadata ??= (key, value, target) => {
  stored.set(target, (stored.get(target) ?? new Map<string, unknown>()).set(key, value));
};
