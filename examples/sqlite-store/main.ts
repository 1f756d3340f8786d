import { join } from "node:path";
import { parseArgs } from "node:util";
import { definePersistable, npy, typedParams } from "persistable-ts";
import { openStore } from "./open-store.ts";

// main.js [--data-dir folder] [--below 3000000]
const { values } = parseArgs({
  options: { "data-dir": { type: "string", default: "example-data" }, below: { type: "string", default: "3000000" } },
});
const file = join(values["data-dir"], "artifacts.sqlite");
const store = openStore(file);

const primes = definePersistable({
  name: "primes",
  params: typedParams<{ below: number }>(),
  format: npy(),
  generate: ({ params }) => sieve(params.below),
});

function sieve(below: number): Int32Array {
  const isComposite = new Uint8Array(below);
  const found: number[] = [];
  for (let number = 2; number < below; number++) {
    if (isComposite[number] === 1) continue;
    found.push(number);
    for (let multiple = number * number; multiple < below; multiple += number) isComposite[multiple] = 1;
  }
  return Int32Array.from(found);
}

const { length } = await primes(
  { below: Number(values.below) },
  {
    dataDir: store,
    onEvent: (event) => {
      if (event.type === "generated" || event.type === "hit") console.log(`primes: ${event.type}`);
    },
  },
).payload;
console.log(`${length} primes below ${values.below}, in ${file}:`);
for await (const { path, sizeBytes } of store.list("primes/")) console.log(`${path} (${sizeBytes} bytes)`);
store.close();
