import type { ClassCodec } from "../../util/class-codec.ts";
import type { Declaration, DeclarationOptions } from "../declare/declaration.ts";
import { declarationKey } from "../declare/declaring-class.ts";
import { type State, stateKey } from "../declare/state.ts";

/**
 * A persistable as this code sees it. Its class cannot be imported here: that would be a circle.
 */
export interface Rebuilt {
  readonly address: string;
  readonly [stateKey]: State;
}

type Definition = ((tree: object, options: object) => Rebuilt) & {
  readonly payloadName: string;
  readonly dependencies: Readonly<Record<string, unknown>>;
  readonly [declarationKey]: Declaration;
};

type PersistableClass = (new (
  options: object,
) => Rebuilt) & {
  readonly payloadName: string | undefined;
  readonly declaration: DeclarationOptions;
};

/** A definition or a class: what builds persistables from their params. */
export type Maker = Definition | PersistableClass;

/** A module may export a persisted function, and not its definition. */
export function definitionBehind(exported: unknown): unknown {
  return typeof exported === "function" && !isMaker(exported) && "definition" in exported
    ? exported.definition
    : exported;
}

/** Builds a persistable from its own params and the persistables upstream. */
export function make(
  maker: Maker,
  params: Readonly<Record<string, unknown>>,
  dependencies: Readonly<Record<string, unknown>>,
  options: object,
): Rebuilt {
  return isClass(maker)
    ? new maker({ ...options, params, dependencies })
    : maker({ ...params, ...dependencies }, options);
}

export function declarationOf(maker: Maker): DeclarationOptions {
  return isClass(maker) ? maker.declaration : maker[declarationKey];
}

export function codecsOf(maker: Maker): readonly ClassCodec[] {
  return declarationOf(maker).classes ?? [];
}

export function isMaker(value: unknown): value is Maker {
  return typeof value === "function" && (isClass(value as Maker) || declarationKey in value);
}

export function isClass(maker: Maker): maker is PersistableClass {
  const prototype = maker.prototype as { readonly generatePayload?: unknown } | undefined;
  return typeof prototype?.generatePayload === "function";
}

export function nameOf(maker: Maker): string {
  if (!isClass(maker)) return maker.payloadName;
  return (Object.hasOwn(maker, "payloadName") ? maker.payloadName : undefined) ?? "";
}

/** The version that the definition or the class declares. */
export function versionOf(maker: Maker): string | number | undefined {
  return declarationOf(maker).version;
}

/** The definitions and classes that this one declares as its dependencies. */
export function upstreamOf(maker: Maker): readonly Maker[] {
  return isClass(maker) ? [] : Object.values(maker.dependencies).map(definitionBehind).filter(isMaker);
}
