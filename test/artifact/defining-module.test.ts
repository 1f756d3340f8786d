import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { locateDefinition } from "../../src/artifact/provenance/defining-module.ts";

const ours = path.resolve("src/persistable/define-persistable.ts");
const theirs = path.resolve("test/study.ts");

test.each([
  ["by paths", ours, theirs],
  ["by URLs", pathToFileURL(ours).href, pathToFileURL(theirs).href],
  ["ours by a URL, and others by a path", pathToFileURL(ours).href, theirs],
])("the module of a definition is found in a stack that names modules %s", (_, own, others) => {
  const trace = new Error("defined here");
  trace.stack = `Error: defined here\n    at defineBy (${own}:88:69)\n    at <anonymous> (${others}:9:25)`;
  expect(locateDefinition(trace)).toBe(others);
});
