import type { Store } from "../../store/store.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { InternalCallOptions } from "../context/call-context.ts";
import { fingerprintOf } from "../declare/declaration.ts";
import { isRefusedSource } from "../declare/source-policy.ts";
import type { State } from "../declare/state.ts";
import { type Found, findArtifact } from "./find-artifact.ts";

const judgeArtifactPart = lazyPart(() => import("./judge-artifact.ts"));

/**
 * Like {@link findArtifact}, and judges whether the artifact is fresh enough: by its age, and by
 * the source that made it.
 *
 * @throws {@link SourceChangedError}
 */
export function findFresh(state: State, options: InternalCallOptions, store?: Store): Found | Promise<Found> {
  const { declaration } = state;
  const isTimed = declaration.maxAge !== undefined || options.maxAge !== undefined || options.refresh === true;
  const found = findArtifact(state, options.signal, store, isTimed ? "record" : undefined);
  const judge = (outcome: Found): Found | Promise<Found> => {
    if (outcome.state !== "present") return outcome;
    const current = fingerprintOf(declaration);
    if (typeof current !== "string") return current.then(() => judge(outcome));
    if (!isTimed && !isRefusedSource(declaration, outcome.source, current)) return outcome;
    return judgeArtifactPart().then(({ judgeArtifact }) => judgeArtifact(state, outcome, options));
  };
  return found instanceof Promise ? found.then(judge) : judge(found);
}
