import { recordPath } from "../artifact/artifact-paths.ts";
import { storePath } from "../store/store-path.ts";
import { safeName } from "../util/safe-name.ts";
import { describeParams } from "./describe-params.ts";
import { appendLog } from "./log-file.ts";
import { Session } from "./session.ts";
import type { State } from "./state.ts";

/** The session of a persistable; most that only hit never need one. */
export function sessionOf(state: State): Session {
  state.session ??= createSession(state);
  return state.session;
}

function createSession({ node, surroundings, secrets }: State): Session {
  return new Session({
    name: node.name,
    address: node.address,
    surroundings,
    secrets,
    opening: () => ({
      storeUrl: surroundings.store.url,
      params: describeParams(node.recipeParams),
      recordFile: recordPath(node.name, node.address),
    }),
    writeFile: () => {
      const file = surroundings.store.localPath?.(storePath(`${safeName(node.name)}.log`));
      return file === undefined ? undefined : (text) => appendLog(file, text);
    },
  });
}
