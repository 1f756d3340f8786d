declare const addressBrand: unique symbol;

/**
 * The hash of a recipe (name, version, draw, tracked params, dependency addresses): how a payload was made.
 * 64 lower-case hexadecimal digits. Made by `addressOf` alone; `parseAddress` checks one that came as text.
 */
export type Address = string & { readonly [addressBrand]: "Address" };
