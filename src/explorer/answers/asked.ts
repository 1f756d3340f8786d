import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { RequestRefusal } from "../http/request-refusal.ts";

/** The most rows of a list in one answer. */
export const MAX_ROWS = 100;
const MAX_QUERY_LENGTH = 4096;
const MAX_TEXT_LENGTH = 1024;
const MAX_TEXTS = 200;

/** The parameters of a request, each checked where it is read. */
export class Asked {
  readonly #query: URLSearchParams;

  /**
   * @param known - the parameters that the route has
   * @throws {@link RequestRefusal} for any other parameter: a misspelt one would be ignored
   */
  constructor(query: URLSearchParams, known: readonly string[]) {
    for (const key of query.keys())
      if (!known.includes(key))
        throw bad(`There is no parameter ${JSON.stringify(key.slice(0, 100))}.`, `Use ${known.join(", ") || "none"}.`);
    this.#query = query;
  }

  /** The text of a query; empty without one. */
  query(): string {
    return this.#text("query", MAX_QUERY_LENGTH) ?? "";
  }

  text(key: string): string | undefined {
    return this.#text(key, MAX_TEXT_LENGTH);
  }

  required(key: string): string {
    const text = this.text(key);
    if (text === undefined || text === "")
      throw bad(`The parameter ${key} is missing.`, `Add ${key}=… to the address.`);
    return text;
  }

  texts(key: string, most = MAX_TEXTS): readonly string[] {
    const texts = this.#query.getAll(key);
    if (texts.length > most || texts.some(({ length }) => length > MAX_TEXT_LENGTH))
      throw tooLong(`${key} is given ${texts.length} times, or is too long.`, `Give it at most ${most} times.`);
    return texts;
  }

  oneOf<Choice extends string>(key: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const choice = choices.find((each) => each === text);
    if (choice === undefined) throw bad(`${key} cannot be ${JSON.stringify(text)}.`, `Give ${choices.join(" or ")}.`);
    return choice;
  }

  whole(key: string, { fallback, most }: { readonly fallback: number; readonly most: number }): number {
    const text = this.text(key);
    if (text === undefined) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value <= most))
      throw bad(`${key} cannot be ${JSON.stringify(text)}.`, `Give a whole number, at most ${most}.`);
    return value;
  }

  /** The part of a list that is wanted. */
  part(most = MAX_ROWS): { readonly offset: number; readonly limit: number } {
    return {
      offset: this.whole("offset", { fallback: 0, most: Number.MAX_SAFE_INTEGER }),
      limit: this.whole("limit", { fallback: Math.min(most, MAX_ROWS), most }),
    };
  }

  /** The digits of an address, at least 8. */
  address(key = "address"): string {
    return checkDigits(this.required(key));
  }

  #text(key: string, most: number): string | undefined {
    const texts = this.#query.getAll(key);
    if (texts.length > 1) throw bad(`${key} is given ${texts.length} times.`, "Give it once.");
    const [text] = texts;
    if (text !== undefined && text.length > most)
      throw tooLong(`${key} has ${text.length} characters.`, `Give at most ${most}.`);
    return text;
  }
}

/** Only digits get further: an address is never part of a path. */
export function checkDigits(text: string): string {
  if (/^[0-9a-f]{8,64}$/.test(text)) return text;
  throw bad(
    `${JSON.stringify(text.slice(0, 100))} is not an address.`,
    "Give 8 to 64 of its hexadecimal digits, in lower case.",
  );
}

/** Turns the escapes in which answers show what is invisible into the characters again. */
export function unescaped(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** `estimator/3f9a…`, which `openArtifact` and the command line read. */
export function pathOf({ name, address }: Pick<CatalogEntry, "name" | "address">): string {
  return `${name}/${address}`;
}

export function bad(message: string, hint: string): RequestRefusal {
  return new RequestRefusal("EXPLORER_BAD_REQUEST", message, hint);
}

function tooLong(message: string, hint: string): RequestRefusal {
  return new RequestRefusal("EXPLORER_TOO_LONG", message, hint);
}

export function notFound(message: string, hint = "It may have been removed: load the page again."): RequestRefusal {
  return new RequestRefusal("EXPLORER_NOT_FOUND", message, hint);
}
