/** Returns all items in their order, as `Array.fromAsync` does, which Node 20 does not have. */
export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
