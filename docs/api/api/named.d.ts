/**
 * Names an object of the resource: `named('broker', 'config')` of the resource `pinot` is `pinot-broker-config`; with
 * no word it is the resource's own name. An object without a namespace gets that of the resource in front of such a name,
 * `default.pinot-broker-config`, also where other objects of the resource refer to it.
 *
 * **Caveats**: `eu-broker` of `prod` and `broker` of `prod-eu` are one name. The resource that comes second is refused with
 * `OwnershipConflict`, and nothing of the first is touched.
 */
export type Named = (...words: readonly string[]) => string;
