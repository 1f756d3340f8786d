import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { DeclarationOptions } from "./declare/declaration.ts";
import type { GenerateContext, HookContext } from "./declare/hooks.ts";
import type { LiveValues, State } from "./declare/state.ts";
import type { DependencyDeclarations } from "./definition.ts";
import type { Persistable, PersistableOptions } from "./persistable.ts";

export type AnyParams = Readonly<Record<string, unknown>>;
export type Context = HookContext<AnyParams, Record<string, never>>;

/** The options that the library itself passes when it builds a persistable. */
export interface BuildOptions extends PersistableOptions {
  readonly liveValues?: LiveValues | undefined;
  /** The family, under its role, through which the persistable is built. */
  readonly family?: State | undefined;
}

/** Builds a persistable from a params tree. */
export interface BuildPersistable {
  (tree?: unknown, options?: BuildOptions): Persistable;
  readonly payloadName: string;
  readonly dependencies: DependencyDeclarations;
}

/** A definition whose types were checked. */
export interface UntypedDefinition extends DeclarationOptions {
  readonly name: string;
  readonly params?: StandardSchemaV1;
  /** True for a map or a persisted function, which has no payload of its own. */
  readonly isFamily?: boolean | undefined;
  readonly dependencies?: DependencyDeclarations;
  readonly generate: (context: GenerateContext<AnyParams, Record<string, never>>) => unknown;
  readonly validate?: ((payload: unknown, context: Context) => void | Promise<void>) | undefined;
  readonly summarize?: ((payload: unknown, context: Context) => unknown) | undefined;
  readonly afterLoad?: (payload: unknown, context: Context) => void | Promise<void>;
  readonly afterGenerate?: (payload: unknown, context: Context) => void | Promise<void>;
}
