import type { FileKind, FileStat } from "../../src/store/folder/calls/file-system.ts";
import type { SeededRandom } from "./seeded-random.ts";

/**
 * The changes to folders that survive a power cut although they were not synced.
 *
 * `"any"`: any of them and not the others, as POSIX allows; only changes to one name keep their
 * order, and a rename never loses both names. `"journal"`: all up to some moment, as ext4, xfs and
 * btrfs do it; syncing anything makes everything before it last.
 */
export type MetadataModel = "any" | "journal";

/** The parts of an unsynced file that reach the disk one by one. */
const BLOCK_BYTES = 16;

type Node = SimulatedFile | SimulatedFolder;

class SimulatedFile {
  /** The content that processes see. */
  data: Buffer = Buffer.alloc(0);
  /** The content that is on the disk for certain. */
  durable: Buffer = Buffer.alloc(0);
  /**
   * Bytes up to here will never reach the disk: an fsync has failed, and the system has forgotten
   * that they were to be written.
   */
  lostBytes = 0;
  modifiedMs = 0;
}

class SimulatedFolder {
  readonly entries = new Map<string, Node>();
  readonly durableEntries = new Map<string, Node>();
  changes: FolderChange[] = [];
}

/** A name was given (`node`) or taken away (`undefined`). */
interface FolderChange {
  readonly sequence: number;
  readonly folder: SimulatedFolder;
  readonly name: string;
  readonly node: Node | undefined;
  /** The other half of a rename, without which this one never happens. */
  readonly onlyWith?: FolderChange | undefined;
}

/**
 * A disk in memory that knows what is on it for certain, what processes see, and hence what a power
 * cut could leave. Its methods are the system calls, each atomic, failing with the system's codes.
 */
export class SimulatedDisk {
  readonly #model: MetadataModel;
  readonly #root = new SimulatedFolder();
  readonly #identities = new WeakMap<Node, number>();
  /** Changes not yet known to be on the disk, in order; for `"journal"`. */
  #sequence = 0;
  #journaled = 0;
  #nodes = 0;
  /** The scheduler advances this clock. */
  nowMs = 1_700_000_000_000;

  constructor(model: MetadataModel) {
    this.#model = model;
  }

  create(path: string): SimulatedFile {
    const { folder, name } = this.#locate(path, "open");
    if (folder.entries.has(name)) throw systemError("EEXIST", "open", path);
    const file = new SimulatedFile();
    file.modifiedMs = this.nowMs;
    this.#change(folder, name, file);
    return file;
  }

  open(path: string): SimulatedFile | SimulatedFolder {
    const { folder, name } = this.#locate(path, "open");
    const node = folder.entries.get(name);
    if (node === undefined) throw systemError("ENOENT", "open", path);
    return node;
  }

  append(file: SimulatedFile, bytes: Uint8Array): void {
    file.data = Buffer.concat([file.data, bytes]);
    file.modifiedMs = this.nowMs;
  }

  syncFile(file: SimulatedFile): void {
    const durable = Buffer.from(file.data);
    // Bytes that were lost stay lost, although this call succeeds.
    if (file.lostBytes > file.durable.length) durable.fill(0, file.durable.length, file.lostBytes);
    file.durable.copy(durable);
    file.durable = durable;
    if (this.#model === "journal") this.#commitJournal();
  }

  /** An fsync that fails: the pages that it could not write count as written from now on. */
  failSyncFile(file: SimulatedFile): void {
    file.lostBytes = file.data.length;
  }

  syncFolder(path: string): void {
    const folder = this.#folder(path, "fsync");
    if (this.#model === "journal") this.#commitJournal();
    for (const change of folder.changes.splice(0)) this.#persist(change);
  }

  link(path: string, newPath: string): void {
    const { folder, name } = this.#locate(path, "link");
    const target = this.#locate(newPath, "link");
    const node = folder.entries.get(name);
    if (node === undefined) throw systemError("ENOENT", "link", path);
    if (node instanceof SimulatedFolder) throw systemError("EPERM", "link", path);
    if (target.folder.entries.has(target.name)) throw systemError("EEXIST", "link", newPath);
    this.#change(target.folder, target.name, node);
  }

  rename(path: string, newPath: string): void {
    const { folder, name } = this.#locate(path, "rename");
    const target = this.#locate(newPath, "rename");
    const node = folder.entries.get(name);
    if (node === undefined) throw systemError("ENOENT", "rename", path);
    const there = target.folder.entries.get(target.name);
    if (there === node) return;
    if (there instanceof SimulatedFolder) throw systemError("EISDIR", "rename", newPath);
    const given = this.#change(target.folder, target.name, node);
    this.#change(folder, name, undefined, given);
  }

  unlink(path: string): void {
    const { folder, name } = this.#locate(path, "unlink");
    const node = folder.entries.get(name);
    if (node === undefined) throw systemError("ENOENT", "unlink", path);
    if (node instanceof SimulatedFolder) throw systemError("EISDIR", "unlink", path);
    this.#change(folder, name, undefined);
  }

  mkdir(path: string): void {
    const { folder, name } = this.#locate(path, "mkdir");
    if (folder.entries.has(name)) throw systemError("EEXIST", "mkdir", path);
    this.#change(folder, name, new SimulatedFolder());
  }

  rmdir(path: string): void {
    const { folder, name } = this.#locate(path, "rmdir");
    if (this.#folder(path, "rmdir").entries.size > 0) throw systemError("ENOTEMPTY", "rmdir", path);
    this.#change(folder, name, undefined);
  }

  readFolder(path: string): { name: string; kind: FileKind }[] {
    return [...this.#folder(path, "scandir").entries].map(([name, node]) => ({ name, kind: kindOf(node) }));
  }

  stat(path: string): FileStat | undefined {
    try {
      return this.statNode(this.open(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  statNode(node: Node): FileStat {
    let identity = this.#identities.get(node);
    if (identity === undefined) {
      identity = ++this.#nodes;
      this.#identities.set(node, identity);
    }
    const isFile = node instanceof SimulatedFile;
    return {
      kind: kindOf(node),
      sizeBytes: isFile ? node.data.length : 0,
      modifiedMs: isFile ? node.modifiedMs : this.nowMs,
      identity: String(identity),
    };
  }

  /**
   * A disk that could be found after a power cut at this moment. Processes of this one go on as if
   * nothing had happened.
   */
  crash(random: SeededRandom): SimulatedDisk {
    const survivor = new SimulatedDisk(this.#model);
    survivor.nowMs = this.nowMs + 60_000;
    const survives = this.#model === "journal" ? this.#surviveInOrder(random) : this.#surviveAtRandom(random);
    const copies = new Map<Node, Node>();
    this.#copyFolder(this.#root, survivor.#root, survives, copies, random);
    return survivor;
  }

  #surviveInOrder(random: SeededRandom): (change: FolderChange) => boolean {
    const last = this.#journaled + random.below(this.#sequence - this.#journaled + 1);
    return (change) => change.sequence <= last;
  }

  /** Lets the first few changes of each name survive, in their order. */
  #surviveAtRandom(random: SeededRandom): (change: FolderChange) => boolean {
    const chosen = new Set<FolderChange>();
    const names = new Map<SimulatedFolder, Map<string, boolean>>();
    const share = random.pick([0, 0.2, 0.5, 0.8, 1]);
    for (const change of this.#pendingChanges()) {
      const open = names.get(change.folder) ?? new Map<string, boolean>();
      names.set(change.folder, open);
      const isPossible = change.onlyWith === undefined || chosen.has(change.onlyWith) || isPersisted(change.onlyWith);
      const survives = open.get(change.name) !== false && isPossible && random.chance(share);
      open.set(change.name, survives);
      if (survives) chosen.add(change);
    }
    return (change) => chosen.has(change);
  }

  /** In order of time. */
  #pendingChanges(): FolderChange[] {
    const changes: FolderChange[] = [];
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (node instanceof SimulatedFile || seen.has(node)) return;
      seen.add(node);
      changes.push(...node.changes);
      for (const inner of node.durableEntries.values()) visit(inner);
      for (const change of node.changes) if (change.node !== undefined) visit(change.node);
    };
    visit(this.#root);
    return changes.sort((one, other) => one.sequence - other.sequence);
  }

  #copyFolder(
    from: SimulatedFolder,
    to: SimulatedFolder,
    survives: (change: FolderChange) => boolean,
    copies: Map<Node, Node>,
    random: SeededRandom,
  ): void {
    const entries = new Map(from.durableEntries);
    for (const change of from.changes) {
      if (!survives(change)) continue;
      if (change.node === undefined) entries.delete(change.name);
      else entries.set(change.name, change.node);
    }
    for (const [name, node] of entries) {
      let copy = copies.get(node);
      if (copy === undefined) {
        copy = node instanceof SimulatedFile ? this.#copyFile(node, random) : new SimulatedFolder();
        copies.set(node, copy);
        if (node instanceof SimulatedFolder) this.#copyFolder(node, copy as SimulatedFolder, survives, copies, random);
      }
      to.entries.set(name, copy);
      to.durableEntries.set(name, copy);
    }
  }

  /**
   * Copies the synced bytes, and of the rest: nothing, all, or the first part, with holes where the
   * disk knows no order.
   */
  #copyFile(file: SimulatedFile, random: SeededRandom): SimulatedFile {
    const copy = new SimulatedFile();
    const synced = file.durable.length;
    const unsynced = file.data.length - synced;
    const kept = random.pick([0, unsynced, random.below(unsynced + 1)]);
    const data = Buffer.from(file.data.subarray(0, synced + kept));
    file.durable.copy(data);
    const hasHoles = this.#model === "any" && random.chance(0.5);
    for (let start = synced; hasHoles && start < data.length; start += BLOCK_BYTES)
      if (random.chance(0.3)) data.fill(0, start, Math.min(start + BLOCK_BYTES, data.length));
    if (file.lostBytes > synced) data.fill(0, synced, Math.min(file.lostBytes, data.length));
    copy.data = data;
    copy.durable = data;
    copy.modifiedMs = file.modifiedMs;
    return copy;
  }

  #change(folder: SimulatedFolder, name: string, node: Node | undefined, onlyWith?: FolderChange): FolderChange {
    const change = { sequence: ++this.#sequence, folder, name, node, onlyWith };
    folder.changes.push(change);
    if (node === undefined) folder.entries.delete(name);
    else folder.entries.set(name, node);
    return change;
  }

  #persist(change: FolderChange): void {
    const { folder, name, node, onlyWith } = change;
    if (node === undefined) folder.durableEntries.delete(name);
    else folder.durableEntries.set(name, node);
    // A name that is gone for certain has its other half for certain, and what that name had
    // before.
    if (onlyWith === undefined || isPersisted(onlyWith)) return;
    const { folder: target } = onlyWith;
    const earlier = target.changes.filter((one) => one.name === onlyWith.name && one.sequence <= onlyWith.sequence);
    target.changes = target.changes.filter((one) => !earlier.includes(one));
    for (const one of earlier) this.#persist(one);
  }

  #commitJournal(): void {
    for (const change of this.#pendingChanges()) this.#persist(change);
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (node instanceof SimulatedFile || seen.has(node)) return;
      seen.add(node);
      node.changes = [];
      for (const inner of node.durableEntries.values()) visit(inner);
    };
    visit(this.#root);
    this.#journaled = this.#sequence;
  }

  #locate(path: string, call: string): { folder: SimulatedFolder; name: string } {
    const end = path.lastIndexOf("/");
    return { folder: this.#folder(path.slice(0, end) || "/", call), name: path.slice(end + 1) };
  }

  #folder(path: string, call: string): SimulatedFolder {
    let folder = this.#root;
    for (const name of path.split("/")) {
      if (name === "") continue;
      const node = folder.entries.get(name);
      if (node === undefined) throw systemError("ENOENT", call, path);
      if (node instanceof SimulatedFile) throw systemError("ENOTDIR", call, path);
      folder = node;
    }
    return folder;
  }
}

export type { SimulatedFile, SimulatedFolder };

export function isFile(node: Node): node is SimulatedFile {
  return node instanceof SimulatedFile;
}

function kindOf(node: Node): FileKind {
  return node instanceof SimulatedFile ? "file" : "folder";
}

function isPersisted(change: FolderChange): boolean {
  return !change.folder.changes.includes(change);
}

export function systemError(code: string, call: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated, ${call} '${path}'`), { code, syscall: call, path });
}
