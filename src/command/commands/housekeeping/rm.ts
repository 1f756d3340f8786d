import type { Catalog } from "../../../catalog/open/open-catalog.ts";
import type { CatalogEntry } from "../../../catalog/query/catalog-entry.ts";
import type { CollectionDecision, CollectionPlan } from "../../../housekeeping/collection-plan.ts";
import { planCollection } from "../../../housekeeping/plan-collection.ts";
import { CommandError, ExitCode } from "../../core/command-error.ts";
import { dataDirOf, resolveArgument, withCatalog } from "../../core/open-argument.ts";
import type { CommonFlags, Session } from "../../core/session.ts";
import { describeDecision } from "../../text/collection-lines.ts";
import { finishCollection } from "./finish-collection.ts";

interface RmFlags extends CommonFlags {
  readonly yes?: boolean | undefined;
  readonly cascade?: boolean | undefined;
}

export async function rm(session: Session, flags: RmFlags, ...texts: readonly string[]): Promise<number> {
  if (texts.length === 0) throw new CommandError("Name an artifact.", { hint: "persistable help artifacts" });
  const chosen = await withCatalog(session, async (catalog) => {
    const asked = await Promise.all(texts.map((text) => resolveArgument(session, catalog, text)));
    return flags.cascade === true ? withDependents(catalog, asked) : asked;
  });
  const failed = chosen.find(({ state }) => state === "failed");
  if (failed !== undefined)
    throw new CommandError(`${failed.name} ${failed.address.slice(0, 8)} could not be generated: nothing is there.`);
  const keys = new Set(chosen.map(keyOf));
  const plan = await planCollection(dataDirOf(session), { where: (record) => keys.has(keyOf(record)) });
  refuseWhatStays(plan, new Set(chosen.map(({ address }) => address)));
  return finishCollection(session, plan, flags.yes === true);
}

/** The artifacts with everything that is made from them. */
async function withDependents(catalog: Catalog, asked: readonly CatalogEntry[]): Promise<readonly CatalogEntry[]> {
  const found = new Map(asked.map((entry) => [keyOf(entry), entry]));
  // The loop also visits the entries that it adds to the map.
  for (const { address } of found.values())
    for (const dependent of await catalog.dependents(address)) found.set(keyOf(dependent), dependent);
  return [...found.values()];
}

/** Throws if any artifact that the user has chosen must stay: then none is removed. */
function refuseWhatStays({ decisions }: CollectionPlan, chosen: ReadonlySet<string>): void {
  const staying = decisions.filter(
    (one) =>
      one.kind === "artifact" && one.action === "keep" && chosen.has(one.address) && one.reason.code !== "not-asked",
  );
  const [first] = staying;
  if (first === undefined) return;
  const all = staying.map((one) => `${describeDecision(one)}: ${one.reason.text}`);
  throw new CommandError(`Nothing is removed.\n  ${all.join("\n  ")}`, { exit: ExitCode.failed, hint: hintFor(first) });
}

function hintFor({ reason }: CollectionDecision): string {
  if (reason.code === "upstream") return "--cascade removes what is made from it as well.";
  if (reason.code === "unreadable") return "persistable verify --repair sets damaged artifacts aside.";
  return "persistable untag and unpin let it be removed.";
}

/** Different names may have the same address. */
function keyOf({ name, address }: Pick<CatalogEntry, "name" | "address">): string {
  return `${name}/${address}`;
}
