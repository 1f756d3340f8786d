import fs from "node:fs";

import { sha256Hex } from "../../../util/digest/sha256.ts";
import { randomHex } from "../../../util/random-hex.ts";

let owner: string | undefined;
let place = "";

/**
 * Returns `<place>-<process id>-<random>`, which names the process that makes temporary files. The
 * place is the scope of a process id: one boot of one machine, and one container on it.
 */
export function processOwner(): string {
  owner ??= `${currentPlace()}-${process.pid}-${randomHex(4)}`;
  return owner;
}

/**
 * Returns whether the process of that owner has certainly ended; `false` for other machines, boots
 * or containers.
 */
export function isProcessDead(ofOwner: string): boolean {
  const match = /^([0-9a-f]+)-([0-9]+)-[0-9a-f]+$/.exec(ofOwner);
  if (match === null || match[1] !== currentPlace()) return false;
  try {
    process.kill(Number(match[2]), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function currentPlace(): string {
  if (place === "") place = sha256Hex(describePlace()).slice(0, 12);
  return place;
}

function describePlace(): string {
  try {
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${fs.readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return `${process.platform} ${process.getBuiltinModule("node:os").hostname()}`;
  }
}
