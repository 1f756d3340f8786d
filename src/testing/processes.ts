import type { ChildProcess } from "node:child_process";
import type { StorePath } from "../store/store.ts";

/**
 * The program waits for a line, so that all processes begin at once. Then it creates every object
 * in turn, and prints the answers.
 */
const program = `
const [module, place, content, ...paths] = process.argv.slice(1);
const store = await (await import(module)).openStore(place);
process.stdout.write("ready\\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
const told = [];
for (const path of paths) told.push(await store.createIfAbsent(path, [new TextEncoder().encode(content)]));
process.stdout.write(JSON.stringify(told) + "\\n", () => process.exit(0));
`;

/**
 * Let several processes create the same objects, in the same order, at the same time. Process 2
 * writes `process 2`.
 *
 * @returns for each process, the answer for each path
 */
export async function createInProcesses(
  module: URL,
  place: string,
  count: number,
  paths: readonly StorePath[],
): Promise<string[][]> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const children = Array.from({ length: count }, (_, index) => {
    const args = ["--input-type=module", "-e", program, "--", module.href, place, `process ${index}`, ...paths];
    return spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  });
  try {
    const lines = children.map(createLineReader);
    await Promise.all(lines.map((nextLine) => nextLine()));
    for (const child of children) child.stdin?.write("go\n");
    return await Promise.all(lines.map(async (nextLine) => JSON.parse(await nextLine()) as string[]));
  } finally {
    for (const child of children) child.kill();
  }
}

function createLineReader(child: ChildProcess): () => Promise<string> {
  let received = "";
  return () =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const end = received.indexOf("\n");
        if (end === -1) return;
        child.stdout?.off("data", take);
        resolve(received.slice(0, end));
        received = received.slice(end + 1);
      };
      const take = (chunk: Buffer): void => {
        received += chunk.toString();
        check();
      };
      child.stdout?.on("data", take);
      child.once("exit", (code) => reject(new Error(`a process of the suite ended with ${code}`)));
      check();
    });
}
