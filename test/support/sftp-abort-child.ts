// Gives up calls to a server that has fallen silent, and then has nothing more to do.
import { once } from "node:events";
import { writeSync } from "node:fs";
import { type SftpStoreOptions, sftpStore } from "../../src/entry/stores/sftp.ts";
import { storePath } from "../../src/store/store-path.ts";

const store = await sftpStore(JSON.parse(process.argv[2] ?? "") as SftpStoreOptions);
writeSync(1, `"connected"\n`);
await once(process.stdin, "data");
process.stdin.destroy();
const signal = AbortSignal.timeout(100);
const given = await Promise.allSettled([
  store.read(storePath("points", "a"), { signal }),
  store.createIfAbsent(storePath("points", "b"), [new Uint8Array(100)], { signal }),
]);
const failures = given.map((outcome) => (outcome.status === "rejected" ? outcome.reason.name : outcome.status));
writeSync(1, `${JSON.stringify(failures)}\n`);
