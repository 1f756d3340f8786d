import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import {
  definePersistable,
  memoryStore,
  PersistableError,
  type PersistableEvent,
  secret,
  untracked,
} from "../../src/entry/index.ts";
import { fileParam, folderParam } from "../../src/entry/inputs.ts";
import { run, UnshareableError, WorkerCrashedError, WorkerModuleError } from "../../src/entry/pipeline.ts";
import * as defined from "./worker-definitions-module.ts";

/** A program whose generators run on worker threads. It tells what comes of one scenario. */
const { scenario, dataDir } = JSON.parse(process.argv[2] ?? "{}") as { scenario: string; dataDir: string };

/** The content of an array, a file or a folder. */
function readable(payload: unknown): unknown {
  if (typeof payload !== "string") return [...(payload as Float64Array)];
  const file = statSync(payload).isDirectory() ? path.join(payload, "a.txt") : payload;
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

const inMain = definePersistable({ name: "in_main", worker: true, generate: () => 1 });

const scenarios: Record<string, () => Promise<unknown>> = {
  async equal() {
    const doubled = defined.doubled({ upstream: { n: 5 } }, { dataDir });
    const { values, nested, ...rest } = await doubled.payload;
    const reloaded = await defined.doubled({ upstream: { n: 5 } }, { dataDir }).load();
    const record = await doubled.record();
    return {
      values: [...values],
      bytes: [...(nested.get("bytes")?.[0] ?? [])],
      ...rest,
      reloaded: [...reloaded.values],
      tripled: await defined.tripled.with({ dataDir })(2, { unit: "km" }),
      seedIsRecorded: record?.provenance.seed === rest.seed,
    };
  },
  async inputs() {
    const folder = path.join(dataDir, "read");
    mkdirSync(folder);
    const data = path.join(folder, "a.csv");
    writeFileSync(data, "1,2");
    const params = { data: await fileParam(data), more: [await folderParam(folder, { include: ["*.csv"] })] };
    const made = await defined.inputs(params, { dataDir }).payload;
    writeFileSync(data, "3,4");
    const changed = await failureOf(defined.inputs({ ...params, more: [] }, { dataDir }).payload);
    return { made, changed: changed.message };
  },
  async moved() {
    const { values } = await defined.doubled({ upstream: { n: 2_000_000 } }, { dataDir, memory: "shared" }).payload;
    return { sizeBytes: values.byteLength, leftBytes: await defined.leftover({}, { dataDir }).payload };
  },
  async kept() {
    const first = await defined.keeping({ call: 1 }, { dataDir }).payload;
    const second = await failureOf(defined.keeping({ call: 2 }, { dataDir }).payload);
    return { first: first.length, second: [second.name, second.message] };
  },
  async obstructed() {
    const look = {
      array: defined.obstructedArray({ dataDir }, { dataDir }),
      file: defined.obstructedFile({ dataDir }, { dataDir }),
      folder: defined.obstructedFolder({ dataDir }, { dataDir }),
    };
    const seen: unknown[] = [];
    for (const made of Object.values(look)) {
      const error = (await failureOf(made.payload)) as PersistableError;
      const given = readable(error.payload);
      rmSync(path.join(dataDir, made.name));
      const payload = readable(await made.payload);
      const count = readFileSync(path.join(dataDir, `${made.name}.count`), "utf8");
      const isLeft = typeof error.payload === "string" && existsSync(error.payload);
      const isSaid = /generated, but could not be persisted/.test(error.message);
      seen.push([error.code, isSaid, given, payload, count, isLeft]);
    }
    const { provenance } = (await look.array.record()) ?? {};
    return { seen, cost: provenance?.cost };
  },
  async forgetful() {
    const warnings: string[] = [];
    process.on("warning", ({ message }) => void warnings.push(message));
    const payloads = [0, 1].map((draw) => defined.forgetful({}, { dataDir, draw }).payload);
    return { kinds: (await Promise.all(payloads)).map((payload) => typeof payload), warnings };
  },
  async undecodable() {
    defined.broken.codec = true;
    const made = defined.reading({}, { dataDir });
    const error = (await failureOf(made.payload)) as PersistableError;
    defined.broken.codec = false;
    return [error.code, (await made.payload).value, (await made.load()).value];
  },
  async talkative() {
    const events: PersistableEvent[] = [];
    const talkative = defined.talkative({}, { dataDir, onEvent: (event) => void events.push(event) });
    const workDir = await talkative.payload;
    const { provenance } = (await talkative.record()) ?? {};
    const isLogged = readFileSync(path.join(dataDir, "talkative.log"), "utf8").includes("said on a worker thread");
    return { events, cost: provenance?.cost, hasWorkDir: existsSync(workDir), isLogged };
  },
  async endless() {
    let workDir = "";
    const controller = new AbortController();
    const onEvent = (event: PersistableEvent): void => {
      if (event.type !== "progress") return;
      workDir = event.note ?? "";
      controller.abort(new Error("enough"));
    };
    const error = await failureOf(defined.endless({}, { dataDir, onEvent }).generate({ signal: controller.signal }));
    const afterwards = await defined.leftover({}, { dataDir }).payload;
    return { message: error.message, hadWorkDir: workDir !== "", hasWorkDir: existsSync(workDir), afterwards };
  },
  async crowd() {
    const controller = new AbortController();
    const { signal } = controller;
    const draws = Array.from({ length: availableParallelism() + 2 }, (_, draw) => draw);
    let started = 0;
    const onEvent = (event: PersistableEvent): void => {
      if (event.type === "progress" && ++started === availableParallelism()) controller.abort(new Error("enough"));
    };
    const stopped = draws.map((draw) =>
      failureOf(defined.endless({}, { dataDir, onEvent, draw }).generate({ signal })),
    );
    const last = defined.leftover({}, { dataDir }).payload;
    return { messages: [...new Set((await Promise.all(stopped)).map(({ message }) => message))], last: await last };
  },
  async once() {
    const upstream = { tallied: { folder: dataDir } };
    await Promise.all([0, 1, 2, 3].map((draw) => defined.usesTallied(upstream, { dataDir, draw }).payload));
    return readdirSync(dataDir).filter((name) => name.startsWith("tally-")).length;
  },
  async hungry() {
    const error = await failureOf(defined.hungry({}, { dataDir }).payload);
    return [error.name, (error.cause as { code?: string }).code, await defined.leftover({}, { dataDir }).payload];
  },
  async heeding() {
    const controller = new AbortController();
    const onEvent = (event: PersistableEvent): void => {
      if (event.type === "progress") controller.abort(new Error("enough"));
    };
    const error = await failureOf(defined.heeding({}, { dataDir, onEvent }).generate({ signal: controller.signal }));
    return {
      isReason: error === controller.signal.reason,
      sameThread: await defined.leftover({}, { dataDir }).payload,
    };
  },
  async crash() {
    const good = [1, 2, 3, 4, 5, 6].map((n) => defined.doubled({ upstream: { n } }, { dataDir }));
    const [exited, thrown, ...payloads] = await Promise.all([
      failureOf(defined.exiting({}, { dataDir }).payload),
      failureOf(defined.throwingLater({}, { dataDir }).payload),
      ...good.map((persistable) => persistable.payload),
    ]);
    return {
      exited: [exited instanceof WorkerCrashedError, (exited as WorkerCrashedError).exitCode],
      thrown: [thrown instanceof WorkerCrashedError, (thrown.cause as Error).name, (thrown.cause as Error).message],
      lengths: payloads.map(({ values }) => values.length),
      afterwards: await defined.leftover({}, { dataDir }).payload,
    };
  },
  async failing() {
    const error = await failureOf(defined.failing({}, { dataDir }).payload);
    const { name, message, code, stack, cause } = error as Error & { code?: string };
    const freeBytes = (error as { freeBytes?: number }).freeBytes;
    const isRange = cause instanceof RangeError;
    return { name, message, code, freeBytes, isRange, hasStack: stack?.includes("worker-definitions-module") };
  },
  async exact() {
    const key = "k".repeat(20);
    const verbose = untracked(new Map([["since", new Date(0)]]));
    const at = new URL("https://example.org/a");
    const params = { price: new defined.Money(5), at, salt: Buffer.from("salt"), key: secret(key), verbose };
    const exact = defined.exact(params, { dataDir });
    const payload = await exact.generate({ untracked: { rows: [1, [2]] } });
    const files = readdirSync(path.join(dataDir, "exact"));
    return {
      price: [payload.price instanceof defined.Money, payload.price.cents],
      salt: [Buffer.isBuffer(payload.salt), payload.salt.toString()],
      part: [...payload.part],
      rest: [payload.host, payload.keyLength, payload.untracked],
      since: (payload.verbose as unknown as Map<string, Date>).get("since"),
      isFound: await defined.exact(params, { dataDir }).isPersisted(),
      files: files.length > 0,
    };
  },
  async meeting() {
    const [a, b] = [
      { me: "a", other: "b", folder: dataDir },
      { me: "b", other: "a", folder: dataDir },
    ];
    await run([defined.meeting(a, { dataDir }), defined.meeting(b, { dataDir })], { concurrency: 2 });
    return existsSync(path.join(dataDir, "meeting"));
  },
  async class() {
    const upstream = defined.upstream({ n: 3 }, { dataDir });
    return new defined.Counted({ dataDir, params: { n: 2 }, dependencies: { upstream } }).payload;
  },
  async nested() {
    return defined.usesHeavy({ doubled: { upstream: { n: 4 } } }, { dataDir }).payload;
  },
  async circular() {
    const errors = await Promise.all([
      failureOf(defined.asksItself({ folder: dataDir }, { dataDir }).payload),
      failureOf(defined.asksWorker({ folder: dataDir }, { dataDir }).payload),
    ]);
    return errors.map((error) => ({ code: (error as PersistableError).code, message: error.message }));
  },
  async refused() {
    const errors = await Promise.all([
      failureOf(inMain({}, { dataDir }).payload),
      failureOf(defined.makeHidden(dataDir).payload),
      failureOf(defined.leftover({}, { dataDir: memoryStore() }).payload),
      failureOf(defined.calledBack({ call: () => {} }, { dataDir }).payload),
    ]);
    return errors.map((error) => ({
      isRight: error instanceof WorkerModuleError || error instanceof UnshareableError,
      code: error instanceof PersistableError ? error.code : undefined,
      message: error.message,
    }));
  },
};

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => Promise.reject(new Error(`It did not fail, and gave ${String(value)}.`)),
    (error: Error) => error,
  );
}

process.stdout.write(`${JSON.stringify((await scenarios[scenario]?.()) ?? null)}\n`);
