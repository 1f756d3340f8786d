import { describe, expect, test } from "vitest";
import { Alarm, type Wake } from "../../src/artifact/lease/lease-alarm.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store, StoreWatch } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { ManualMachine } from "../support/lease-store.ts";

const POLL_MS = 100;
const folder = storePath("folder");

/** An alarm, and everything that it woke for. */
function setAlarm(signal?: AbortSignal) {
  const machine = new ManualMachine();
  const alarm = new Alarm(machine, POLL_MS, signal);
  const wakes: unknown[] = [];
  const sleep = (): void => {
    alarm.next().then(
      (wake) => wakes.push(wake),
      (reason: unknown) => wakes.push({ reason }),
    );
  };
  return { machine, alarm, wakes, sleep };
}

/** A store that reports a change when the test says so. */
function watchedStore() {
  const listeners = new Map<string, () => void>();
  const closed: string[] = [];
  const store: Store = {
    ...memoryStore(),
    watch(path, listener): StoreWatch {
      listeners.set(path, listener);
      return { close: () => closed.push(path) };
    },
  };
  return { store, change: (path: string) => listeners.get(path)?.(), closed };
}

describe("an alarm", () => {
  test("wakes after the poll time, a little earlier or later, so that not all look at once", async () => {
    const delays = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const { machine, wakes, sleep } = setAlarm();
      sleep();
      await machine.pass(0.75 * POLL_MS - 1);
      expect(wakes).toEqual([]);
      let delay = 0.75 * POLL_MS - 1;
      for (; wakes.length === 0 && delay <= 1.25 * POLL_MS; delay++) await machine.pass(1);
      expect(wakes).toEqual(["poll"]);
      delays.add(delay);
      expect(machine.pending).toBe(0);
    }
    expect(delays.size).toBeGreaterThan(5);
  });

  test.each<[Wake, Wake[]]>([
    ["claims-changed", ["claims-changed"]],
    ["awaited-changed", ["awaited-changed"]],
    ["awaited-changed", ["claims-changed", "awaited-changed", "claims-changed"]],
  ])("wakes at once and says %s after the changes %j", async (wake, changes) => {
    const { machine, alarm, wakes, sleep } = setAlarm();
    sleep();
    for (const change of changes) alarm.ring(change);
    await machine.pass(0);
    expect(wakes).toEqual([wake]);
    expect(machine.pending).toBe(0);
    sleep();
    await machine.pass(2 * POLL_MS);
    expect(wakes).toEqual([wake, "poll"]);
  });

  test("rings for what changed while nobody slept", async () => {
    const { machine, alarm, wakes, sleep } = setAlarm();
    alarm.ring("claims-changed");
    sleep();
    await machine.pass(0);
    expect(wakes).toEqual(["claims-changed"]);
  });

  test("wakes once for a burst of changes", async () => {
    const { machine, alarm, wakes, sleep } = setAlarm();
    await machine.pass(1000);
    sleep();
    alarm.ring("claims-changed");
    await machine.pass(0);
    expect(wakes).toHaveLength(1);
    sleep();
    for (let i = 0; i < 10; i++) alarm.ring("claims-changed");
    await machine.pass(9);
    expect(wakes).toHaveLength(1);
    expect(machine.pending).toBe(2);
    await machine.pass(1);
    expect(wakes).toHaveLength(2);
    expect(machine.pending).toBe(0);
  });

  test("rejects with the reason of its signal at once, and leaves nothing behind", async () => {
    const giveUp = new AbortController();
    const { machine, wakes, sleep } = setAlarm(giveUp.signal);
    sleep();
    giveUp.abort("enough");
    await machine.pass(0);
    expect(wakes).toEqual([{ reason: "enough" }]);
    expect(machine.pending).toBe(0);
    sleep();
    await machine.pass(0);
    expect(wakes).toEqual([{ reason: "enough" }, { reason: "enough" }]);
  });

  test("does not listen to its signal any longer than it sleeps", async () => {
    const listeners = new Set<unknown>();
    const { signal } = new AbortController();
    const add = signal.addEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: never) => {
      listeners.add(listener);
      add(type, listener);
    };
    signal.removeEventListener = (_: string, listener: unknown) => listeners.delete(listener);
    const { machine, wakes, sleep } = setAlarm(signal);
    sleep();
    expect(listeners.size).toBe(1);
    await machine.pass(2 * POLL_MS);
    expect(wakes).toEqual(["poll"]);
    expect(listeners.size).toBe(0);
  });

  test("rings for changes in the folders that it watches, until it is closed", async () => {
    const { store, change, closed } = watchedStore();
    const { machine, alarm, wakes, sleep } = setAlarm();
    const other = storePath("other");
    alarm.watch(store, folder, "awaited-changed");
    alarm.watch(store, other, "claims-changed");
    alarm.watch(store, undefined, "claims-changed");
    for (const path of [folder, other]) {
      sleep();
      change(path);
      await machine.pass(10);
    }
    expect(wakes).toEqual(["awaited-changed", "claims-changed"]);
    alarm.close();
    expect(closed).toEqual([folder, other]);
  });

  test("polls where a store cannot watch, or fails to", async () => {
    const { machine, alarm, wakes, sleep } = setAlarm();
    const { watch: _, ...store } = watchedStore().store;
    alarm.watch(store, folder, "awaited-changed");
    const failing: Store = {
      ...store,
      watch() {
        throw new Error("no watches left");
      },
    };
    alarm.watch(failing, folder, "awaited-changed");
    sleep();
    await machine.pass(2 * POLL_MS);
    expect(wakes).toEqual(["poll"]);
    alarm.close();
  });
});
