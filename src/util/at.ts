/**
 * The element at an index that the caller knows to be there.
 *
 * @throws RangeError where it is not
 */
export function at<Element>(list: ArrayLike<Element>, index: number): Element {
  const element = list[index];
  if (element === undefined) throw new RangeError(`A list of ${list.length} has nothing at ${index}.`);
  return element;
}
