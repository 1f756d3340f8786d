import { type OpenedArtifact, openArtifact } from "../../inspect/open-artifact.ts";
import { DEFAULT_DATA_DIR } from "../../persistable/declare/surroundings.ts";
import type { Session } from "./session.ts";

/** The artifact that an argument of a command means. */
export function openArgument(session: Session, text: string): Promise<OpenedArtifact> {
  return openArtifact(dataDirOf(session), text);
}

/** The place where a command looks for artifacts. */
export function dataDirOf(session: Session): string {
  return session.dataDir ?? DEFAULT_DATA_DIR;
}
