import { parse } from "csv-parse";
import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError } from "../../errors/format-errors.ts";
import type { CsvDelimiter } from "./csv-layout.ts";
import { type CsvSource, textsOf } from "./csv-source.ts";
import { sniffDelimiter } from "./sniff-delimiter.ts";

/** How a file of another writer is divided into cells. */
export interface CsvLinesOptions {
  readonly delimiter: CsvDelimiter | undefined;
  readonly encoding: string;
  readonly comment: string | undefined;
}

/** One row of a file. Null stands for a cell without any characters, not even quotes. */
export interface CsvLine {
  readonly cells: readonly (string | null)[];
  /** The line of the file on which the row ends; the first is 1. */
  readonly line: number;
}

/** The number of characters from which the delimiter is guessed. */
const SNIFFED = 64 * 1024;

/**
 * Yields the rows of a file, some at a time, with the delimiter of the file. Lines that are empty
 * are left out.
 *
 * @throws {@link DecodeError} for bytes of another encoding, and for a quote that does not end
 */
export async function* csvLines(
  source: CsvSource,
  { delimiter: given, encoding, comment }: CsvLinesOptions,
): AsyncGenerator<{ readonly delimiter: CsvDelimiter; readonly lines: readonly CsvLine[] }, void, undefined> {
  const texts = textsOf(source, encoding);
  let beginning = "";
  let ended = false;
  while (!ended && beginning.length < SNIFFED) {
    const next = await texts.next();
    ended = next.done === true;
    beginning += next.value ?? "";
  }
  const delimiter = given ?? sniffDelimiter(beginning.slice(0, SNIFFED), comment);
  const parser = new LineParser(delimiter, comment);
  yield { delimiter, lines: await parser.take(beginning) };
  for await (const text of texts) yield { delimiter, lines: await parser.take(text) };
  yield { delimiter, lines: await parser.end() };
}

/** The parser of csv-parse, which is given text piece by piece. */
class LineParser {
  #lines: CsvLine[] = [];
  readonly #parser: ReturnType<typeof parse>;

  constructor(delimiter: CsvDelimiter, comment: string | undefined) {
    this.#parser = parse({
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      ...(comment === undefined ? {} : { comment, comment_no_infix: true }),
      cast: (text, { quoting }) => (text === "" && !quoting ? null : text),
      on_record: (cells: (string | null)[], { lines }) => {
        this.#lines.push({ cells, line: lines });
        return null;
      },
    });
    // The caller of `take` learns of a failure. Without this listener, it would also end the
    // process.
    this.#parser.on("error", () => {});
  }

  take(text: string): Promise<readonly CsvLine[]> {
    return this.#handOut((done) => this.#parser.write(text, done));
  }

  end(): Promise<readonly CsvLine[]> {
    return this.#handOut((done) => this.#parser.end(done));
  }

  async #handOut(give: (done: (error?: Error | null) => void) => void): Promise<readonly CsvLine[]> {
    try {
      await new Promise<void>((resolve, reject) => give((error) => (error ? reject(error) : resolve())));
    } catch (cause) {
      throw new DecodeError("csv", messageOf(cause), { cause });
    }
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
