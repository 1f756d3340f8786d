import { readFileSync } from "node:fs";
import { satisfies, subset } from "semver";
import { describe, expect, it } from "vitest";
import { LIBRARY_NAME, LIBRARY_VERSION } from "../../src/util/library-version.ts";

interface LockedPackage {
  readonly version: string;
  readonly engines?: { readonly node?: string };
  readonly optional?: boolean;
  readonly resolved?: string;
  /** A workspace of this repository. */
  readonly link?: true;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = readJson("package.json");
const locked = Object.entries<LockedPackage>(readJson("package-lock.json").packages).filter(([path]) => path !== "");

function readJson(path: string) {
  return JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
}

/** Optional packages are builds for other machines, which npm leaves out where they do not fit. */
function refusing(nodeVersion: string): string[] {
  return locked.flatMap(([path, { engines, optional }]) => {
    const wanted = optional === true ? undefined : engines?.node;
    return wanted === undefined || satisfies(nodeVersion, wanted) ? [] : [`${path} wants ${wanted}`];
  });
}

describe("the manifest", () => {
  it("depends on the types of Standard Schema and on nothing else", () => {
    expect(Object.keys(manifest.dependencies)).toEqual(["@standard-schema/spec"]);
    expect(manifest.optionalDependencies).toBeUndefined();
    expect(manifest.bundleDependencies).toBeUndefined();
  });

  it("names every peer optional", () => {
    const peers = Object.keys(manifest.peerDependencies ?? {});
    expect(Object.keys(manifest.peerDependenciesMeta ?? {}).sort()).toEqual(peers.sort());
    for (const peer of peers) expect(manifest.peerDependenciesMeta[peer]).toEqual({ optional: true });
  });

  it("has the name and version that records are signed with", () => {
    expect([manifest.name, manifest.version]).toEqual([LIBRARY_NAME, LIBRARY_VERSION]);
  });
});

describe("what the lock file installs", () => {
  // npm warns about engines and installs all the same, so a release that has left Node 20 would
  // come in unseen.
  it.each(["20.19.0", "22.12.0", "24.0.0"])("accepts Node %s", (nodeVersion) => {
    expect(subset(nodeVersion, manifest.engines.node)).toBe(true);
    expect(refusing(nodeVersion)).toEqual([]);
  });

  it("would not accept Node 18, which shows that engines are read", () => {
    expect(refusing("18.0.0").length).toBeGreaterThan(10);
  });

  // npm drops the builds for other machines from the lock file when it cannot get them; npm ci then
  // refuses it everywhere.
  it("names the builds for every platform", () => {
    const names = new Set(locked.map(([path]) => path.replace(/^.*node_modules\//, "")));
    const wanted = locked.flatMap(([, { optionalDependencies }]) => Object.keys(optionalDependencies ?? {}));
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
    expect(wanted).toContain("@esbuild/win32-arm64");
  });

  it("names no host that it came from", () => {
    expect(locked.filter(([, { resolved, link }]) => resolved !== undefined && link !== true)).toEqual([]);
  });
});
