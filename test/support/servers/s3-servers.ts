import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { findFreePort, findInstalled, startServer, type TestServer } from "./server.ts";

/**
 * The credentials that a server accepts: the client finds them in the environment, as it does for
 * its users.
 */
export const CREDENTIALS = {
  s3rver: { AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" },
  swift: { AWS_ACCESS_KEY_ID: "test:tester", AWS_SECRET_ACCESS_KEY: "testing" },
} as const;
const PYTHON = "/usr/bin/python3";

/**
 * The folder of the unpacked moto, which Python searches before its own packages; `undefined` if
 * moto is in neither.
 */
function motoPath(): string | undefined {
  const unpacked = path.resolve(".servers/moto/usr/lib/python3/dist-packages");
  const env = { ...process.env, PYTHONPATH: unpacked };
  return spawnSync(PYTHON, ["-c", "import moto.server, boto3, flask"], { env }).status === 0 ? unpacked : undefined;
}

/**
 * It looks whether an object is there, and then writes it. Its threads take turns every few
 * milliseconds, so on a busy machine it told two callers now and then that they had created one.
 * They take turns only where they wait, now.
 */
const START_MOTO = "import sys; sys.setswitchinterval(600); from moto.server import main; main(sys.argv[1:])";

/** A server that honors create-if-absent; undefined where it is not installed. */
export async function startMoto(): Promise<TestServer | undefined> {
  const install = "bash scripts/install-test-servers.sh";
  const found = findInstalled("moto", install, motoPath());
  if (found === undefined) return undefined;
  const port = await findFreePort();
  const args = ["-c", START_MOTO, "-H", "127.0.0.1", "-p", String(port)];
  return startServer({ command: PYTHON, args, env: { PYTHONPATH: found }, port, readyPath: "/moto-api/" });
}

/** The folder of a package that is installed for tests beside this one. */
export function serverPackage(name: string): string | undefined {
  const folder = path.resolve(".servers/node_modules", name);
  return existsSync(folder) ? folder : undefined;
}

/**
 * A server that overwrites where it should refuse, and says nothing; undefined where it is not
 * installed.
 */
export async function startS3rver(): Promise<TestServer | undefined> {
  const found = findInstalled("s3rver", "bash scripts/install-test-servers.sh", serverPackage("s3rver"));
  if (found === undefined) return undefined;
  const port = await findFreePort();
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-s3rver-"));
  const args = [path.join(found, "bin", "s3rver.js"), "-d", folder, "-a", "127.0.0.1", "-p", String(port), "--silent"];
  const server = await startServer({ command: process.execPath, args, port });
  return withFolder(server, folder);
}

/**
 * OpenStack's Swift, which says of create-if-absent that it is not implemented; undefined where it
 * is not installed.
 */
export async function startSwift(): Promise<TestServer | undefined> {
  const isInstalled = ["proxy", "account", "container", "object"].every((part) =>
    existsSync(`/usr/bin/swift-${part}-server`),
  );
  const found = findInstalled("Swift", "bash scripts/install-test-servers.sh", isInstalled ? true : undefined);
  if (found === undefined) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-swift-"));
  const ports = {
    proxy: await findFreePort(),
    account: await findFreePort(),
    container: await findFreePort(),
    object: await findFreePort(),
  };
  const configs = writeSwiftConfig(folder, ports);
  const parts = (["account", "container", "object", "proxy"] as const).map((part) =>
    startServer({
      command: `/usr/bin/swift-${part}-server`,
      args: [configs[part]],
      env: { SWIFT_TEST_CONFIG: folder },
      port: ports[part],
      readyPath: "/healthcheck",
    }),
  );
  const started = await Promise.allSettled(parts);
  const servers = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  };
  const failed = started.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return { port: ports.proxy, url: `http://127.0.0.1:${ports.proxy}`, close, [Symbol.asyncDispose]: close };
}

type SwiftPart = "proxy" | "account" | "container" | "object";

/** One device, one copy, no memcached: as small as it gets. */
function writeSwiftConfig(folder: string, ports: Readonly<Record<SwiftPart, number>>): Record<SwiftPart, string> {
  mkdirSync(path.join(folder, "srv", "d1"), { recursive: true });
  const file = (name: string): string => path.join(folder, name);
  writeFileSync(
    file("swift.conf"),
    "[swift-hash]\nswift_hash_path_suffix = test\nswift_hash_path_prefix = test\n[storage-policy:0]\nname = one\ndefault = yes\n",
  );
  makeRings(folder, ports);
  const common = (port: number): string =>
    `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${port}\nworkers = 0\nswift_dir = ${folder}\ndevices = ${file("srv")}\nmount_check = false\nuser = ${userName()}\nlog_level = ERROR\nlog_address = ${file("no-log")}\n`;
  const backend = (part: Exclude<SwiftPart, "proxy">): string => {
    writeFileSync(
      file(`${part}.conf`),
      `${common(ports[part])}[pipeline:main]\npipeline = healthcheck ${part}-server\n[app:${part}-server]\nuse = egg:swift#${part}\n[filter:healthcheck]\nuse = egg:swift#healthcheck\n`,
    );
    return file(`${part}.conf`);
  };
  writeFileSync(
    file("proxy.conf"),
    `${common(ports.proxy)}[pipeline:main]
pipeline = healthcheck cache listing_formats s3api tempauth copy slo dlo versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
`,
  );
  return {
    proxy: file("proxy.conf"),
    account: backend("account"),
    container: backend("container"),
    object: backend("object"),
  };
}

function userName(): string {
  return spawnSync("id", ["-un"], { encoding: "utf8" }).stdout.trim();
}

function makeRings(folder: string, ports: Readonly<Record<SwiftPart, number>>): void {
  for (const part of ["account", "container", "object"] as const) {
    const builder = path.join(folder, `${part}.builder`);
    for (const args of [["create", "4", "1", "0"], ["add", `r1z1-127.0.0.1:${ports[part]}/d1`, "1"], ["rebalance"]]) {
      const { status, stderr, stdout } = spawnSync("/usr/bin/swift-ring-builder", [builder, ...args], {
        encoding: "utf8",
      });
      // 1 is a warning: the ring has a single device.
      if (status !== 0 && status !== 1) throw new Error(`swift-ring-builder ${args.join(" ")}: ${stdout}${stderr}`);
    }
  }
}

function withFolder(server: TestServer, folder: string): TestServer {
  const close = async (): Promise<void> => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...server, close, [Symbol.asyncDispose]: close };
}

let buckets = 0;

/** A bucket of its own. */
export async function createBucket(endpoint: string): Promise<string> {
  const name = `test-${process.pid}-${++buckets}`;
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  return name;
}
