import { definePersistable, memoryStore, type Secret, secret, typedParams } from "../../src/entry/index.ts";
import { persistableMap } from "../../src/entry/pipeline.ts";
import { CANARY, type CanaryContext, WAYS } from "./canary-ways.ts";

/**
 * Persistables that give a secret away, each wherever it has it from, here or on a worker thread.
 */

interface Params {
  readonly way: string;
  readonly apiKey: Secret;
}
interface Way {
  readonly way: string;
}

function leak(way: string, key: string, context: CanaryContext): unknown {
  return WAYS[way]?.(key, context);
}

const onThread = import.meta.url;

function defineOwn(name: string, worker?: string) {
  return definePersistable({
    name,
    worker,
    params: typedParams<Params>(),
    generate: (context): unknown => leak(context.params.way, context.params.apiKey.reveal(), context),
    summarize: (_, { params }) => ({ [params.apiKey.reveal()]: params.apiKey.reveal() }),
  });
}
export const own = defineOwn("own");
export const ownOnThread = defineOwn("own_on_thread", onThread);

const holder = definePersistable({ name: "holder", params: typedParams<{ apiKey: Secret }>(), generate: () => 1 });

function defineUpstream(name: string, worker?: string) {
  return definePersistable({
    name,
    worker,
    params: typedParams<Way>(),
    dependencies: { holder },
    generate: (context): unknown =>
      leak(context.params.way, context.dependencies.holder.params.apiKey.reveal(), context),
  });
}
export const upstream = defineUpstream("upstream");
export const upstreamOnThread = defineUpstream("upstream_on_thread", onThread);

function defineUntracked(name: string, worker?: string) {
  return definePersistable({
    name,
    worker,
    params: typedParams<Way>(),
    generate: (context): unknown => {
      const { auth } = context.untracked as { readonly auth: { readonly key: Secret } };
      return leak(context.params.way, auth.key.reveal(), context);
    },
  });
}
export const ofCall = defineUntracked("of_call");
export const ofCallOnThread = defineUntracked("of_call_on_thread", onThread);

function defineInside(name: string, worker?: string) {
  return definePersistable({
    name,
    worker,
    params: typedParams<Way>(),
    generate: ({ params: { way } }): Promise<unknown> =>
      own({ way, apiKey: secret(CANARY) }, { dataDir: memoryStore() }).generate({ persist: false }),
  });
}
/** These know no secret themselves, but their dependencies do. */
export const inside = defineInside("inside");
export const insideOnThread = defineInside("inside_on_thread", onThread);

export const map = persistableMap({
  name: "map",
  params: typedParams<Params>(),
  item: (item: number) => item,
  generateBatch: ({ params, cost, items }) => {
    leak(params.way, params.apiKey.reveal(), { cost, progress() {}, log: { info() {}, warn() {}, error() {} } });
    return items.map(() => 1);
  },
});

export const insideMap = definePersistable({
  name: "inside_map",
  params: typedParams<Way>(),
  generate: ({ params: { way } }) => map({ way, apiKey: secret(CANARY) }, { dataDir: memoryStore() }).load([1, 2]),
});
