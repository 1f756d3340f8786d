import { closeSync, openSync, readdirSync } from "node:fs";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { storePath } from "../../src/store/store-path.ts";

/** The task of a process that runs under some restriction. */
export interface ChildTask {
  readonly task: "everything" | "burst" | "exhaustion";
  readonly dir: string;
  readonly payloadBytes?: number;
  /** Become this user first. */
  readonly uid?: number;
}

const PATH = storePath("points", "3f9a.json");
const FRESH = storePath("points", "fresh.bin");
const OTHER = storePath("points", "other.json");

const { task, dir, payloadBytes = 100, uid }: ChildTask = JSON.parse(process.argv[2] ?? "{}");
// Without a listener the signal of a file that grows too big would end the process.
process.on("SIGXFSZ", () => {});
if (uid !== undefined) process.setuid?.(uid);
const store = fileStore(dir);
const payload = [new Uint8Array(payloadBytes).fill(1)];

if (task === "everything") report(await tryEverything());
else if (task === "burst") report(await burst());
else report(await exhaust());

function report(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function tryEverything(): Promise<unknown> {
  return {
    read: await outcome(async () => (await store.read(PATH))?.length),
    readShared: await outcome(async () => store.sync?.readShared(PATH, 1000)?.length),
    stat: await outcome(async () => (await store.stat(PATH))?.sizeBytes),
    writeFresh: await outcome(() => store.writeFresh(FRESH, payload)),
    createIfAbsent: await outcome(() => store.createIfAbsent(OTHER, payload)),
    createIfAbsentSync: await outcome(async () => store.sync?.createIfAbsent?.(OTHER, payload)),
    replace: await outcome(() => store.replace(PATH, payload)),
    move: await outcome(() => store.move(PATH, OTHER)),
    remove: await outcome(() => store.remove(PATH)),
    list: await outcome(async () => {
      const paths: string[] = [];
      for await (const entry of store.list("")) paths.push(entry.path);
      return paths;
    }),
    temporaries: await outcome(async () => readdirSync(`${dir}/.persistable/tmp`)),
  };
}

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await work()) ?? null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `${code}: ${message}`;
  }
}

/** Far more at once than files may be open. */
async function burst(): Promise<unknown> {
  const numbers = Array.from({ length: 400 }, (_, index) => index);
  const created = await Promise.all(
    numbers.map((n) => store.createIfAbsent(storePath("burst", `${n % 200}`), payload)),
  );
  const read = await Promise.all(numbers.map((n) => store.read(storePath("burst", `${n % 200}`))));
  return {
    created: created.filter((one) => one === "created").length,
    read: read.filter((bytes) => bytes?.length === payloadBytes).length,
  };
}

async function exhaust(): Promise<unknown> {
  await store.createIfAbsent(PATH, payload);
  const open: number[] = [];
  const openAll = (): void => {
    try {
      for (;;) open.push(openSync("/dev/null", "r"));
    } catch {
      // As many as there may be.
    }
  };
  openAll();
  const sync = await outcome(async () => store.sync?.readShared(PATH, 1000)?.length);
  setTimeout(() => open.splice(0).forEach(closeSync), 50);
  const patient = await outcome(async () => (await store.read(PATH))?.length);
  openAll();
  const [impatient, write] = await Promise.all([
    outcome(async () => (await store.read(PATH))?.length),
    outcome(() => store.replace(PATH, payload)),
  ]);
  open.splice(0).forEach(closeSync);
  return { sync, patient, impatient, write, after: await outcome(async () => (await store.read(PATH))?.length) };
}
