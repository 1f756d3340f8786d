declare const addressBrand: unique symbol;

/**
 * The hash of a recipe (name, version, draw, tracked params, dependency addresses): it identifies
 * how a payload was made. It has 64 lower-case hexadecimal digits. `addressOf` alone creates it;
 * `parseAddress` checks one that came as text.
 */
export type Address = string & { readonly [addressBrand]: "Address" };
