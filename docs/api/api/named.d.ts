/**
 * Names an object of the resource: `named('broker', 'config')` of the resource `pinot` is `pinot-broker-config`; with
 * no word it is the resource's own name. Two resources of one namespace never share a name.
 */
export type Named = (...words: readonly string[]) => string;
