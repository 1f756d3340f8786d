import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  AccountSASPermissions,
  BlobServiceClient,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { serverPackage } from "./s3-servers.ts";
import { findFreePort, findInstalled, startServer, type TestServer } from "./server.ts";

/** The account that every Azurite has, with the key from its documentation. */
export const ACCOUNT = {
  AZURE_STORAGE_ACCOUNT: "devstoreaccount1",
  AZURE_STORAGE_KEY: "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
} as const;

/** The emulator of Azure's storage; undefined where it is not installed. */
export async function startAzurite(): Promise<TestServer | undefined> {
  const found = findInstalled("Azurite", "bash scripts/install-test-servers.sh", serverPackage("azurite"));
  if (found === undefined) return undefined;
  const port = await findFreePort();
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-azurite-"));
  const program = path.join(found, "dist", "src", "blob", "main.js");
  const args = [program, "--location", folder, "--blobHost", "127.0.0.1", "--blobPort", String(port)];
  args.push("--silent", "--skipApiVersionCheck", "--disableTelemetry");
  const server = await startServer({ command: process.execPath, args, port });
  const close = async (): Promise<void> => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...server, close, [Symbol.asyncDispose]: close };
}

let containers = 0;

/** A container of its own. */
export async function createContainer(endpoint: string): Promise<string> {
  const name = `test-${process.pid}-${++containers}`;
  const credential = new StorageSharedKeyCredential(ACCOUNT.AZURE_STORAGE_ACCOUNT, ACCOUNT.AZURE_STORAGE_KEY);
  await new BlobServiceClient(endpoint, credential).getContainerClient(name).create();
  return name;
}

/**
 * The rights of a token: by default all that a store needs, from an hour ago to an hour from now.
 */
export interface TokenOptions {
  /** Letters as in `sp`: `rl`. */
  readonly rights?: string;
  readonly startsMs?: number;
  readonly endsMs?: number;
}

const HOUR_MS = 3_600_000;

/** A SAS token for the account. */
export function sasToken({ rights = "rwdlac", startsMs = -HOUR_MS, endsMs = HOUR_MS }: TokenOptions = {}): string {
  const credential = new StorageSharedKeyCredential(ACCOUNT.AZURE_STORAGE_ACCOUNT, ACCOUNT.AZURE_STORAGE_KEY);
  const values = {
    permissions: AccountSASPermissions.parse(rights),
    services: "b",
    resourceTypes: "sco",
    startsOn: new Date(Date.now() + startsMs),
    expiresOn: new Date(Date.now() + endsMs),
  };
  return generateAccountSASQueryParameters(values, credential).toString();
}
