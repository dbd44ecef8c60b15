/** What a record may contain: no floats and no nulls (RFC 8785 then needs no number formatting rules). */
export type Json = string | number | boolean | readonly Json[] | JsonObject;
/** Prototype-free in memory: keys such as `__proto__` are ordinary. */
export type JsonObject = { readonly [key: string]: Json };
