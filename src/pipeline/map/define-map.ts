import type { StandardSchemaV1 } from "@standard-schema/spec";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { checkDefinition } from "../../persistable/declare/check-definition.ts";
import { declarationKey } from "../../persistable/declare/declaring-class.ts";
import { stateKey } from "../../persistable/declare/state.ts";
import { defineBy } from "../../persistable/define-persistable.ts";
import type { DeclaredParams, DefinitionArguments, ParamsSchema, Tree, treeKey } from "../../persistable/definition.ts";
import type { PersistableOptions } from "../../persistable/persistable.ts";
import type { PersistableMapDefinition } from "./map-definition.ts";
import { PersistableMap } from "./persistable-map.ts";

const OPTIONS: Readonly<Record<keyof PersistableMapDefinition<unknown, unknown, ParamsSchema>, 0>> = {
  name: 0,
  params: 0,
  item: 0,
  generateBatch: 0,
  batchSize: 0,
  validate: 0,
  format: 0,
  version: 0,
  pools: 0,
  retries: 0,
  timeoutMs: 0,
  maxAge: 0,
  classes: 0,
  ignoreUndefined: 0,
};

/**
 * Declares the payloads of many small items. Each payload has an address of its own, by the item
 * and the shared params; payloads are generated in batches and persisted in packs. For example:
 * embed 100,000 chunks, of which 37 are new, 96 at a time.
 *
 * @throws {@link DefinitionError} if the definition is not valid
 *
 * @example
 * ```ts
 * import { persistableMap } from "persistable-ts/pipeline";
 * import { z } from "zod";
 *
 * const embeddings = persistableMap({
 *   name: "embeddings",
 *   params: z.object({ model: z.string() }),
 *   item: (chunk: { text: string; page: number }) => chunk.text, // the page does not matter
 *   batchSize: 96,
 *   generateBatch: ({ items }) => items.map(({ text }) => Float32Array.of(text.length)), // one call for all of them
 * });
 * const chunks = [{ text: "Call me Ishmael.", page: 1 }];
 * await embeddings({ model: "small" }, { dataDir: "data" }).load(chunks); // in the order of the chunks
 * ```
 */
export function persistableMap<Item, Payload, const Schema extends ParamsSchema = undefined>(
  definition: PersistableMapDefinition<Item, Payload, Schema>,
): MapDefinition<Item, Payload, DeclaredParams<Schema>> {
  checkDefinition(definition.name, definition as never, ["item", "generateBatch"], OPTIONS);
  const { name, params, version, format, classes, ignoreUndefined } = definition as PersistableMapDefinition<
    unknown,
    unknown,
    StandardSchemaV1<unknown, object>
  >;
  const shared = defineBy(definition.generateBatch, {
    name,
    ...(params === undefined ? {} : { params }),
    version,
    classes,
    ignoreUndefined,
    isFamily: true,
    ...(format === undefined ? {} : { format }),
    generate: (): unknown => {
      throw new DefinitionError(`${name} is a map: its items are loaded with load(items).`);
    },
  });
  const build = (tree: object = {}, options: PersistableOptions = {}): PersistableMap<Item, Payload> =>
    new PersistableMap(
      shared(tree, options)[stateKey],
      definition as PersistableMapDefinition<Item, Payload, ParamsSchema>,
    );
  Object.defineProperty(build, declarationKey, { value: Reflect.get(shared, declarationKey) });
  return Object.assign(build, { payloadName: name, dependencies: {} });
}

/**
 * The function that `persistableMap` returns. Call it with the params that all items share, or
 * declare it as a dependency.
 */
export interface MapDefinition<Item, Payload, Params> {
  /** Builds a map. Reads and writes nothing. */
  (...args: DefinitionArguments<Tree<Params>>): PersistableMap<Item, Payload>;
  readonly payloadName: string;
  readonly dependencies: Record<never, never>;
  /** Exists for types only: no object has it. */
  readonly [treeKey]?: Tree<Params>;
}
