import type { Store } from "../store/store.ts";
import { ArtifactPuller } from "./artifact-puller.ts";
import { Dismissals } from "./dismissals.ts";
import { LayerClaims } from "./layer-claims.ts";
import { LayerHealing } from "./layer-healing.ts";
import type { WritableLayers } from "./layer-mode.ts";
import { LocalCopies } from "./local-copies.ts";
import { ReadThrough } from "./read-through.ts";
import type { RemoteLink } from "./remote-link.ts";

/** Everything that the parts of a layered store share. */
export interface LayerParts {
  readonly local: Store;
  readonly remote: Store;
  readonly writable: WritableLayers;
  readonly link: RemoteLink;
  readonly puller: ArtifactPuller;
  readonly readThrough: ReadThrough;
  readonly claims: LayerClaims;
  readonly dismissals: Dismissals;
  readonly healing: LayerHealing;
}

export function makeLayerParts(local: Store, remote: Store, writable: WritableLayers, link: RemoteLink): LayerParts {
  const copies = new LocalCopies(writable.local);
  const puller = new ArtifactPuller(local, copies);
  const dismissals = new Dismissals(local);
  const readThrough = new ReadThrough({ local, link, copies, puller, dismissals });
  const claims = new LayerClaims(local, remote, link, writable);
  const healing = new LayerHealing({ local, link, copies, puller, readThrough, dismissals });
  return { local, remote, writable, link, puller, readThrough, claims, dismissals, healing };
}
