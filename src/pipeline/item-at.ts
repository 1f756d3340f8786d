/**
 * The item at an index that the caller knows to be there.
 *
 * @throws RangeError if it is not there, which is a bug of ours
 */
export function itemAt<Item>(items: readonly Item[], index: number): Item {
  if (!(index >= 0 && index < items.length))
    throw new RangeError(`There is no item ${index} in a list of ${items.length}.`);
  return items[index] as Item;
}
