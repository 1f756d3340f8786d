import { openCatalog } from "../../catalog/open/open-catalog.ts";
import { type OpenedArtifact, openArtifact } from "../../inspect/open-artifact.ts";
import { DEFAULT_DATA_DIR } from "../../persistable/declare/surroundings.ts";
import type { Session } from "./session.ts";

/** The artifact that an argument of a command means: see `persistable help artifacts`. */
export async function openArgument(session: Session, text: string): Promise<OpenedArtifact> {
  const catalog = openCatalog(dataDirOf(session));
  try {
    const { name, address } = await catalog.resolve(text);
    return await openArtifact(dataDirOf(session), `${name}/${address}`);
  } finally {
    await catalog.close();
  }
}

/** The place where a command looks for artifacts. */
export function dataDirOf(session: Session): string {
  return session.dataDir ?? DEFAULT_DATA_DIR;
}
