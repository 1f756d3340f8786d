import type { RetryOptions } from "../../persistable/declare/declaration.ts";
import { retryWithBackoff } from "../retry-with-backoff.ts";
import type { MadeBatch } from "./made-batch.ts";

/** The two steps of producing a batch. */
export interface BatchSteps<Item, Payload> {
  /** Generates the batch. */
  make(): Promise<MadeBatch<Item, Payload>>;
  /** Validates the batch, encodes it, and writes its pack. */
  write(made: MadeBatch<Item, Payload>): Promise<void>;
}

/** The outcome of producing a batch. */
export interface ProducedBatch<Item, Payload> {
  /** The batch that was generated, now or by an earlier call. */
  readonly made: MadeBatch<Item, Payload> | undefined;
  readonly failure?: { readonly error: unknown };
}

/**
 * Generates a batch and writes it. Once it is generated, only writing it is tried again. If the
 * validator refuses a payload, the batch is generated again.
 */
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
    // A batch that the validator refused in an earlier call: the validator is asked once more.
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
