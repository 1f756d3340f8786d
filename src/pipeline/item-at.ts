/**
 * The item at an index that the caller knows to be there.
 *
 * @throws RangeError if it is not there, which is a bug of ours
 */
export function itemAt<Item extends NonNullable<unknown>>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no item ${index} in a list of ${items.length}.`);
  return item;
}
