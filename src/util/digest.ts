declare const digestBrand: unique symbol;

/**
 * What a payload is, as opposed to how it was made: `sha256:<64 hex>` of its bytes up to 8 MiB, and
 * `sha256-tree-8m:<64 hex>`, the sha256 of its 8 MiB chunks' sha256s (32 raw bytes each, in order), above.
 */
export type Digest = `${"sha256" | "sha256-tree-8m"}:${string}` & { readonly [digestBrand]: "Digest" };
