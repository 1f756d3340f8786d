/** The start of an address, as messages show it: `01234567…`. */
export function describeAddress(address: string): string {
  return `${address.slice(0, 8)}…`;
}
