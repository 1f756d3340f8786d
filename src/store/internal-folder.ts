import type { StorePath } from "./store.ts";
import { storePath } from "./store-path.ts";

/**
 * The folder of a store for everything that is not part of an artifact. All of it may be deleted
 * while no process uses the store. This file alone knows its name and those of the folders in it.
 */
export const INTERNAL_FOLDER = ".persistable";

/** The index of each name: catalogues keep there what they have read of its records. */
export const INDEX_FOLDER = `${INTERNAL_FOLDER}/index`;

/** The claims of leases: one for each payload that a process generates now. */
export const LEASES_FOLDER = `${INTERNAL_FOLDER}/leases`;

/** Damaged artifacts that were set aside. */
export const QUARANTINE_FOLDER = `${INTERNAL_FOLDER}/quarantine`;

/**
 * Notes of replaced folders of files. A note was made when the folder was replaced: from then on,
 * no process loads it.
 */
export const REPLACED_FOLDER = `${INTERNAL_FOLDER}/replaced`;

/** The records of runs. */
export const RUNS_FOLDER = `${INTERNAL_FOLDER}/runs`;

/** The rows of recipes that are too long for a message to a worker: one file for each address. */
export const RECIPES_FOLDER = `${INTERNAL_FOLDER}/recipes`;

/** The id of a store, by which machines know that they use the same one. */
export const STORE_ID_FILE = `${INTERNAL_FOLDER}/store-id`;

/** Tags of artifacts: one file for each tag, in a folder for each name. */
export const TAGS_FOLDER = `${INTERNAL_FOLDER}/tags`;

/** Pins of artifacts: one file for each pinned artifact, in a folder for each name. */
export const PINS_FOLDER = `${INTERNAL_FOLDER}/pins`;

/** Unfinished writes, on the same disk as what they will become. Stores never list them. */
export const TEMPORARY_FOLDER = `${INTERNAL_FOLDER}/tmp`;

/** Streams on their way to two stores. A layered store never lists them. */
export const SPOOL_FOLDER = `${INTERNAL_FOLDER}/spool`;

/** Notes of objects of a remote store that this machine does not use. Never listed. */
export const DISMISSED_FOLDER = `${INTERNAL_FOLDER}/dismissed`;

/** A path in one of these folders. */
export function internalPath(folder: string, ...segments: string[]): StorePath {
  return storePath(...folder.split("/"), ...segments);
}

/** Whether an object is not part of an artifact. */
export function isInternal(path: string): boolean {
  return path.startsWith(`${INTERNAL_FOLDER}/`);
}
