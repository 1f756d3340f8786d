import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReadyQueue } from "../../src/runner/schedule/ready-queue.ts";

const ranks = fc.array(fc.constantFrom(0, 1, 2, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), {
  maxLength: 200,
});
/** A number is how many are taken out after one was put in. */
const steps = fc.array(fc.constantFrom(0, 0, 0, 1, 2), { maxLength: 200 });

function drain(queue: ReadyQueue): number[] {
  const order: number[] = [];
  while (queue.size > 0) {
    const next = queue.first as number;
    expect(queue.shift()).toBe(next);
    order.push(next);
  }
  return order;
}

describe("ReadyQueue", () => {
  it("gives back what it got in the order in which it came, where that is the rank", () => {
    fc.assert(
      fc.property(steps, (takes) => {
        const queue = new ReadyQueue(Float64Array.from(takes.keys()));
        const out: (number | undefined)[] = [];
        for (const [node, count] of takes.entries()) {
          queue.push(node);
          for (let i = 0; i < count && queue.size > 0; i++) out.push(queue.shift());
        }
        expect([...out, ...drain(queue)]).toEqual([...takes.keys()]);
      }),
    );
  });

  it("gives the smallest rank first, then the lower number", () => {
    fc.assert(
      fc.property(ranks, steps, (drawn, takes) => {
        const queue = new ReadyQueue(Float64Array.from(drawn));
        const inside = new Set<number>();
        const rank = (node: number) => drawn[node] as number;
        const inOrder = () => [...inside].sort((a, b) => (rank(a) === rank(b) ? a - b : rank(a) - rank(b)));
        for (const node of drawn.keys()) {
          queue.push(node);
          inside.add(node);
          for (let i = 0; i < (takes[node] ?? 0) && inside.size > 0; i++) {
            const expected = inOrder()[0] as number;
            expect(queue.shift()).toBe(expected);
            inside.delete(expected);
          }
        }
        expect(drain(queue)).toEqual(inOrder());
      }),
    );
  });

  it("gives nothing where it is empty", () => {
    const queue = new ReadyQueue(new Float64Array(1));
    expect([queue.first, queue.shift(), queue.size]).toEqual([undefined, undefined, 0]);
  });
});
