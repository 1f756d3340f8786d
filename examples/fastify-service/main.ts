import { parseArgs } from "node:util";
import { buildService } from "./service.ts";

// main.ts [--data-dir folder] [--port 3000]
const { values } = parseArgs({
  options: { "data-dir": { type: "string", default: "example-data" }, port: { type: "string", default: "3000" } },
});

/** Stands for a service that takes a second, and knows two stations. */
async function measure(station: string, signal: AbortSignal | undefined): Promise<number[]> {
  console.log(`asks for the measurements of ${station}`);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  signal?.throwIfAborted();
  const known: Record<string, number[]> = { oslo: [-3, -1, 2], lima: [17, 19, 21] };
  const degrees = known[station];
  if (degrees === undefined) throw new Error(`No station is called ${station}.`);
  return degrees;
}

const service = buildService({ dataDir: values["data-dir"], measure });
console.log(`The service listens at ${await service.listen({ host: "127.0.0.1", port: Number(values.port) })}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void service.close());
