import { describe, expect, test } from "vitest";
import { addressOf, definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";

const study = definePersistable({
  name: "study",
  params: typedParams<Readonly<Record<string, unknown>>>(),
  generate: () => 1,
});
const build = (params: Readonly<Record<string, unknown>>) => study(params, { dataDir: memoryStore() });

describe("params of lists and objects", () => {
  test("have the address of the general encoder, however often they are asked for", () => {
    for (let i = 0; i < 5; i++) {
      const params = { lr: i / 8, layers: [64, i], model: { name: `m${i}`, bias: i % 2 === 0 }, empty: [], none: {} };
      expect(build(params).address).toBe(addressOf({ name: "study", params, dependencies: {} }));
    }
  });

  test("are frozen copies, and a change of the original changes nothing", () => {
    const original = { layers: [64, 32], model: { name: "m" } };
    const { params, address } = build(original);
    original.layers[0] = 1;
    original.model.name = "n";
    expect(params).toEqual({ layers: [64, 32], model: { name: "m" } });
    expect([params, params.layers, params.model].every(Object.isFrozen)).toBe(true);
    expect(build({ layers: [64, 32], model: { name: "m" } }).address).toBe(address);
  });

  test("keep one object that occurs twice as one", () => {
    const range = [0, 1];
    const { params } = build({ x: range, y: range });
    expect(params.x).toBe(params.y);
  });

  test.each([
    [
      "a getter in an object",
      { a: Object.defineProperty({}, "b", { enumerable: true, get: () => expect.unreachable() }) },
    ],
    ["a hidden property", { a: Object.defineProperty({}, "b", { value: 1, enumerable: false }) }],
    ["a symbol", { a: { [Symbol("b")]: 1 } }],
    ["an extra key of a list", { a: Object.assign([1], { b: 2 }) }],
    ["an object that says it is a list", { a: Object.setPrototypeOf({ b: 1 }, Array.prototype) }],
    ["a proxy", { a: new Proxy({}, { ownKeys: () => expect.unreachable() }) }],
    ["a function", { a: { b: () => 1 } }],
  ])("are refused with %s, also after params that are remembered", (_what, params) => {
    for (let i = 0; i < 3; i++) build({ a: [1] });
    expect(() => build(params).address).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^PERSISTABLE_/) }),
    );
  });

  test("are refused where a key or a text in them is a credential", () => {
    const text = `ghp_${"a1".repeat(18)}`;
    for (const params of [
      { a: { apiKey: "x" } },
      { password: ["x"] },
      { a: [text] },
      { a: { b: text } },
      { [text]: [1] },
    ])
      expect(() => build(params), JSON.stringify(params)).toThrow(/credential/i);
  });
});
