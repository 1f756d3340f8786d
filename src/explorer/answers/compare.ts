import { diffAll } from "../../pipeline/compare/diff-all.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { RequestRefusal } from "../http/request-refusal.ts";
import type { CompareAnswer } from "../shapes/artifact-shapes.ts";
import type { ArtifactRow } from "../shapes/common.ts";
import { tryOpen } from "./artifact.ts";
import { compareRow, inOrder, rowOf } from "./artifact-row.ts";
import { type Asked, bad, checkDigits, pathOf } from "./asked.ts";
import { literal } from "./commands.ts";
import { type ExploredStore, findArtifact } from "./explored-store.ts";
import { toJson } from "./to-json.ts";

const MAX_ARTIFACTS = 200;
const MAX_ROWS = 5000;

/** Answers `/api/compare`. */
export async function answerCompare(explored: ExploredStore, asked: Asked): Promise<CompareAnswer> {
  const given = asked.texts("a", MAX_ARTIFACTS).map(checkDigits);
  if (given.length < 2) throw bad("Two artifacts are needed for a comparison.", "Add a=… for each artifact.");
  const artifacts: ArtifactRow[] = [];
  const records: ArtifactRecord[] = [];
  const left: { readonly text: string; readonly problem: string }[] = [];
  for (const digits of given) {
    const found = await findForComparison(explored, digits);
    if (typeof found === "string") left.push({ text: digits, problem: found });
    else {
      artifacts.push(found.row);
      records.push(found.record);
    }
  }
  const all = diffAll(records).rows.map(({ path, values, isSame }) =>
    compareRow(
      path,
      values.map((value) => (value === undefined ? undefined : toJson(value))),
      isSame,
    ),
  );
  const { rows, differing } = inOrder(all);
  const paths = artifacts.map((each) => `${each.name}/${each.address.slice(0, 12)}`);
  return {
    artifacts,
    left,
    rows: rows.slice(0, MAX_ROWS),
    total: rows.length,
    differing,
    commands: explored.commands.commands(
      ["diff", ...paths],
      (dataDir) =>
        `diffAll(await Promise.all(${literal(paths)}.map(async (path) => (await openArtifact(${dataDir}, path)).record)));`,
    ),
  };
}

/** Returns the problem of an artifact that cannot be compared. */
async function findForComparison(
  explored: ExploredStore,
  digits: string,
): Promise<{ readonly row: ArtifactRow; readonly record: ArtifactRecord } | string> {
  try {
    const entry = await findArtifact(explored.catalog, digits);
    const opened = await tryOpen(explored, entry);
    if (opened === undefined) return `${pathOf(entry)} has no readable record: it is ${entry.state}`;
    return { row: rowOf(entry), record: opened.record };
  } catch (error) {
    if (error instanceof RequestRefusal) return error.message;
    throw error;
  }
}
