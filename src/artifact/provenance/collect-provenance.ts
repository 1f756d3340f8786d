import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Provenance } from "../../record/record.ts";
import { LIBRARY_NAME, LIBRARY_VERSION } from "../../util/library-version.ts";

/** The part of the provenance that is the same for every artifact of one module in one process. */
export type ModuleProvenance = Omit<Provenance, "createdAt" | "durationMs" | "source">;

const MAX_PACKAGES = 200;
const GIT_TIMEOUT_MS = 5000;
const known = new Map<string, Promise<ModuleProvenance>>();

/**
 * Finds out, once for each module and process, by whom, where and with which packages an artifact
 * is made. It never fails: a part that cannot be found out is absent.
 */
export function collectProvenance(location: string | undefined): Promise<ModuleProvenance> {
  const key = location ?? "";
  let provenance = known.get(key);
  if (provenance === undefined) {
    provenance = collect(location);
    known.set(key, provenance);
  }
  return provenance;
}

async function collect(location: string | undefined): Promise<ModuleProvenance> {
  const file = toFile(location);
  const folder = file === undefined ? process.cwd() : path.dirname(file);
  const [manifest, git] = await Promise.all([findPackage(folder), readGit(folder)]);
  const script = process.argv[1];
  const user = tryUser();
  return {
    host: hostname(),
    ...(user === undefined ? {} : { user }),
    pid: process.pid,
    ...(script === undefined ? {} : { script: relativeTo(manifest?.folder ?? process.cwd(), script) }),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    packages: { [LIBRARY_NAME]: LIBRARY_VERSION, ...(manifest === undefined ? {} : await readPackages(manifest)) },
    ...(git === undefined ? {} : { git }),
    ...(file === undefined ? {} : { module: relativeTo(manifest?.folder ?? process.cwd(), file) }),
  };
}

interface Manifest {
  readonly folder: string;
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function findPackage(folder: string): Promise<Manifest | undefined> {
  const manifest = await tryManifest(folder);
  if (manifest?.name !== undefined || manifest?.dependencies !== undefined) return { ...manifest, folder };
  const parent = path.dirname(folder);
  return parent === folder ? undefined : findPackage(parent);
}

async function readPackages(manifest: Manifest): Promise<Record<string, string>> {
  const packages: Record<string, string> = {};
  if (manifest.name !== undefined && manifest.version !== undefined) packages[manifest.name] = manifest.version;
  const names = Object.keys(manifest.dependencies ?? {}).slice(0, MAX_PACKAGES);
  const versions = await Promise.all(names.map((name) => installedVersion(manifest.folder, name)));
  names.forEach((name, i) => {
    const version = versions[i];
    if (version !== undefined) packages[name] = version;
  });
  return packages;
}

async function installedVersion(folder: string, name: string): Promise<string | undefined> {
  const manifest = await tryManifest(path.join(folder, "node_modules", name));
  if (typeof manifest?.version === "string") return manifest.version;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : installedVersion(parent, name);
}

/**
 * Reads a package.json, and trusts that npm would accept it. If not, the provenance is wrong, but
 * the generation does not fail.
 */
async function tryManifest(folder: string): Promise<Omit<Manifest, "folder"> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

async function readGit(folder: string): Promise<Provenance["git"] | undefined> {
  const [commit, status] = await Promise.all([
    git(folder, ["rev-parse", "--verify", "HEAD"]),
    git(folder, ["status", "--porcelain", "--untracked-files=no"]),
  ]);
  return commit === undefined || status === undefined
    ? undefined
    : { commit: commit.trim(), dirty: status.trim() !== "" };
}

function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    // With its optional locks, git would write to the user's repository, although we only ask.
    const env = { ...process.env, GIT_OPTIONAL_LOCKS: "0" };
    execFile("git", ["-C", folder, ...args], { env, timeout: GIT_TIMEOUT_MS, windowsHide: true }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });
}

function toFile(location: string | undefined): string | undefined {
  if (location === undefined || /^(?:https?|node):/.test(location)) return undefined;
  try {
    return location.startsWith("file:") ? fileURLToPath(location) : location;
  } catch {
    return undefined;
  }
}

/**
 * A record may be read on another machine, so it names files relative to the package, with forward
 * slashes.
 */
function relativeTo(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  return (relative.startsWith("..") || path.isAbsolute(relative) ? path.basename(file) : relative)
    .split(path.sep)
    .join("/");
}

function tryUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
