import type { RetryOptions } from "../../persistable/declare/declaration.ts";
import { retryWithBackoff } from "../retry-with-backoff.ts";
import type { MadeBatch } from "./made-batch.ts";

/** How one batch is produced. */
export interface BatchSteps<Item, Payload> {
  /** Generate it. */
  make(): Promise<MadeBatch<Item, Payload>>;
  /** Validate it, encode it, and write its pack. */
  write(made: MadeBatch<Item, Payload>): Promise<void>;
}

/** What producing a batch came to. */
export interface ProducedBatch<Item, Payload> {
  /** What was generated, now or earlier. */
  readonly made: MadeBatch<Item, Payload> | undefined;
  readonly failure?: { readonly error: unknown };
}

/** Generate a batch and write it. Once it is generated, only writing it is tried again; what the validator refuses is generated again. */
export async function produceBatch<Item, Payload>(
  earlier: MadeBatch<Item, Payload> | undefined,
  steps: BatchSteps<Item, Payload>,
  retries: number | RetryOptions | undefined,
  signal: AbortSignal | undefined,
): Promise<ProducedBatch<Item, Payload>> {
  let made = earlier;
  const attempt = async (): Promise<void> => {
    if (made === undefined || (made.isRefused && made !== earlier)) made = await steps.make();
    await steps.write(made);
  };
  try {
    // What was refused in an earlier call: its validator is asked once more.
    if (earlier?.isRefused === true && (await isTaken(() => steps.write(earlier), earlier))) return { made: earlier };
    if (earlier?.isRefused === true) made = undefined;
    await retryWithBackoff(retries, attempt, { signal });
    return { made };
  } catch (error) {
    return { made, failure: { error } };
  }
}

async function isTaken<Item, Payload>(write: () => Promise<void>, made: MadeBatch<Item, Payload>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (made.isRefused) return false;
    throw error;
  }
}
