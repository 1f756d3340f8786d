import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordPath } from "../../src/artifact/layout/record-path.ts";
import type { AnyPersistable } from "../../src/entry/index.ts";
import { stateOf } from "../../src/persistable/declare/state-of.ts";
import { draftRecord, encodeRecord } from "../../src/record/encode-record.ts";
import { digestOf } from "../../src/util/digest/digest.ts";

const payload = new TextEncoder().encode("1");

/**
 * Writes the records of artifacts into a folder, as a run would, without generating anything: a
 * hundred thousand of them in seconds.
 */
export function writeRecords(folder: string, persistables: Iterable<AnyPersistable>): void {
  let createdMs = Date.parse("2026-01-01T00:00:00Z");
  for (const persistable of persistables) {
    const { recipe } = stateOf(persistable, "What is written");
    const provenance = { createdAt: new Date(createdMs).toISOString(), durationMs: 10 };
    const recorded = { format: "json", sizeBytes: payload.length, digest: digestOf([payload]) };
    const bytes = encodeRecord(draftRecord(recipe, undefined), recorded, "1", provenance);
    const path = join(folder, recordPath(recipe.name, recipe.address));
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, bytes);
    createdMs += 1000;
  }
}
