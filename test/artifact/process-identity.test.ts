import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { currentProcess, isCertainlyGone, parseProcessStat } from "../../src/artifact/lease/process-identity.ts";

const here = currentProcess();
const onLinux = process.platform === "linux";

async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "close");
  return child.pid ?? 0;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("a process", () => {
  test("knows its number, its host and itself to be alive", () => {
    expect(here.pid).toBe(process.pid);
    expect(here.host).not.toBe("");
    expect(isCertainlyGone(here, tmpdir())).toBe(false);
    expect(currentProcess()).toBe(here);
  });

  test("that runs is not gone, even one of somebody else", () => {
    const { startedAt: _, ...other } = here;
    expect(isCertainlyGone({ ...other, pid: 1 }, tmpdir())).toBe(false);
    expect(isCertainlyGone({ ...other, pid: process.ppid }, tmpdir())).toBe(false);
  });

  test("that has ended is gone", async () => {
    expect(isCertainlyGone({ ...here, pid: await endedProcess() }, undefined)).toBe(true);
  });
});

describe("on a system without /proc, a process", () => {
  const elsewhere = { host: "here", pid: process.pid };

  function judge(other: { host: string; pid: number; bootId?: string }, platform: string): boolean {
    const descriptor = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
    Object.defineProperty(process, "platform", { ...descriptor, value: platform });
    try {
      return isCertainlyGone(other, tmpdir(), elsewhere);
    } finally {
      Object.defineProperty(process, "platform", descriptor);
    }
  }

  test("of the same host is gone when there is none of its number", async () => {
    const pid = await endedProcess();
    expect(judge({ host: "here", pid }, "darwin")).toBe(true);
    expect(judge({ host: "here", pid: process.pid }, "darwin")).toBe(false);
  });

  test("of another host, or of a system with more to tell, is not judged", async () => {
    const pid = await endedProcess();
    expect(judge({ host: "there", pid }, "darwin")).toBe(false);
    expect(judge({ host: "here", pid, bootId: "x" }, "darwin")).toBe(false);
    expect(judge({ host: "here", pid }, "linux")).toBe(false);
  });

  test.runIf(onLinux)("does not know what its disks are like", () => {
    const descriptor = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
    Object.defineProperty(process, "platform", { ...descriptor, value: "darwin" });
    try {
      expect(isCertainlyGone({ ...here, bootId: "another" }, "/dev/shm")).toBe(false);
    } finally {
      Object.defineProperty(process, "platform", descriptor);
    }
  });
});

describe.runIf(onLinux)("on Linux, a process", () => {
  test("is told by its start from a later one with the same number", () => {
    expect(here).toMatchObject({
      startedAt: expect.stringMatching(/^\d+$/),
      bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(here.pidNamespace).toMatch(/^pid:/);
    expect(isCertainlyGone({ ...here, startedAt: `${Number(here.startedAt) - 1}` }, undefined)).toBe(true);
  });

  test("that has ended and was not waited for is gone", async () => {
    // The shell becomes a program that does not wait for its child, so the child stays in the table
    // as a zombie.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(line.toString());
      const stat = () => parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
      await until(() => readFileSync(`/proc/${parent.pid}/comm`, "latin1") === "sleep\n");
      expect(isCertainlyGone({ ...here, pid, startedAt: stat()?.startedAt ?? "" }, undefined)).toBe(false);
      process.kill(pid, "SIGKILL");
      await until(() => stat()?.state === "Z");
      expect(isCertainlyGone({ ...here, pid, startedAt: stat()?.startedAt ?? "" }, undefined)).toBe(true);
    } finally {
      parent.kill("SIGKILL");
    }
  });

  test("of an earlier boot is gone where only one kernel mounts the disk, and nothing is certain elsewhere", () => {
    const earlier = { ...here, bootId: "6f1c0b5e-0000-4000-8000-000000000000" };
    expect(isCertainlyGone(earlier, "/dev/shm")).toBe(true);
    // This is not a disk at all, so it is not a local one either.
    expect(isCertainlyGone(earlier, "/proc")).toBe(false);
    expect(isCertainlyGone(earlier, "/no/such/folder")).toBe(false);
    expect(isCertainlyGone(earlier, undefined)).toBe(false);
  });

  test("of another container is not judged by its number", async () => {
    const pid = await endedProcess();
    expect(isCertainlyGone({ ...here, pid, pidNamespace: "pid:[1]" }, tmpdir())).toBe(false);
    const { pidNamespace: _, ...withoutNamespace } = here;
    expect(isCertainlyGone({ ...withoutNamespace, pid }, tmpdir())).toBe(false);
  });

  test("of which no boot is known is not judged", async () => {
    const { bootId: _, ...withoutBoot } = here;
    expect(isCertainlyGone({ ...withoutBoot, pid: await endedProcess() }, tmpdir())).toBe(false);
  });

  test("may have any name", () => {
    const rest = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21";
    expect(parseProcessStat(`77 (a) b) S 1) Z ${rest}`)).toEqual({ state: "Z", startedAt: "4242" });
    expect(parseProcessStat("77 (node) S 1 2")).toBeUndefined();
    expect(parseProcessStat(`77 (node) S ${rest.replace("4242", "x4242")}`)).toBeUndefined();
    expect(parseProcessStat(`77 (node) S ${rest.replace("4242", "4242x")}`)).toBeUndefined();
    expect(parseProcessStat("")).toBeUndefined();
  });
});
