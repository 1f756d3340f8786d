import { storePath } from "../../store/store-path.ts";
import { safeName } from "../../util/safe-name.ts";
import type { State } from "../declare/state.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { Session } from "./event-log.ts";
import { appendLog } from "./log-file.ts";
import { openingOf } from "./opening-of.ts";

/** The session of a persistable; most that only hit never need one. */
export function sessionOf(state: State): Session {
  state.session ??= createSession(state);
  return state.session;
}

function createSession(state: State): Session {
  const { node, surroundings } = state;
  return new Session({
    name: node.name,
    address: node.address,
    surroundings,
    redaction: () => redactionOf(state),
    opening: () => openingOf(state),
    writeFile: () => {
      const file = surroundings.store.localPath?.(storePath(`${safeName(node.name)}.log`));
      return file === undefined ? undefined : (text) => appendLog(file, text);
    },
  });
}
