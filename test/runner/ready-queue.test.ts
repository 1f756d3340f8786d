import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FifoQueue, PriorityQueue, type ReadyQueue } from "../../src/runner/schedule/ready-queue.ts";

const priorities = fc.array(fc.constantFrom(0, 1, 2, -1, Number.POSITIVE_INFINITY, Number.NaN), { maxLength: 200 });
/** A number is how many are taken out after one was put in. */
const steps = fc.array(fc.constantFrom(0, 0, 0, 1, 2), { maxLength: 200 });

function drain(queue: ReadyQueue): number[] {
  const order: number[] = [];
  while (queue.size > 0) {
    const next = queue.peek();
    expect(queue.shift()).toBe(next);
    order.push(next);
  }
  return order;
}

describe("FifoQueue", () => {
  it("gives back what it got in the order in which it came", () => {
    fc.assert(
      fc.property(steps, (takes) => {
        const queue = new FifoQueue();
        const out: number[] = [];
        for (const [node, count] of takes.entries()) {
          queue.push(node);
          for (let i = 0; i < count && queue.size > 0; i++) out.push(queue.shift());
        }
        expect([...out, ...drain(queue)]).toEqual([...takes.keys()]);
      }),
    );
  });
});

describe("PriorityQueue", () => {
  it("gives the largest priority first, then the lower number, and what is no number last", () => {
    fc.assert(
      fc.property(priorities, steps, (drawn, takes) => {
        const priority = Float64Array.from(drawn);
        const queue = new PriorityQueue(priority);
        const inside = new Set<number>();
        const rank = (node: number) => (Number.isNaN(drawn[node]) ? Number.NEGATIVE_INFINITY : (drawn[node] as number));
        const first = () => [...inside].sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) - rank(a)))[0];
        for (const node of drawn.keys()) {
          queue.push(node);
          inside.add(node);
          for (let i = 0; i < (takes[node] ?? 0) && inside.size > 0; i++) {
            const expected = first() as number;
            expect(queue.shift()).toBe(expected);
            inside.delete(expected);
          }
        }
        const rest = drain(queue);
        expect(rest).toEqual([...inside].sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) - rank(a))));
      }),
    );
  });
});

describe.each([
  ["FifoQueue", new FifoQueue()],
  ["PriorityQueue", new PriorityQueue(new Float64Array(1))],
])("an empty %s", (_, queue) => {
  it("gives -1", () => {
    expect([queue.peek(), queue.shift(), queue.size]).toEqual([-1, -1, 0]);
  });
});
