/** Public list of this package. */
export {};
