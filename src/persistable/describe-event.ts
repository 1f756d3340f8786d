import type { PersistableEvent } from "../events/event.ts";
import type { LogLevel } from "../events/logger.ts";

/** An event as a line of the log. */
export interface DescribedEvent {
  readonly level: LogLevel;
  /** The function that the line names. */
  readonly where: string;
  readonly message: string;
  readonly fields: object;
}

/** What the log says of an event. */
export function describeEvent(event: PersistableEvent): DescribedEvent {
  const { name, address } = event;
  const line = (level: LogLevel, where: string, message: string, fields: object = {}): DescribedEvent => ({
    level,
    where,
    message,
    fields: { type: event.type, payload: name, address, ...fields },
  });
  switch (event.type) {
    case "constructed": {
      const { storeUrl, params, recordFile } = event;
      return line(
        "info",
        "constructor",
        `---- NEW PERSISTABLE SESSION ---- (${storeUrl})\nPayload named \`${name}\`; Parameters set to \`${params.replaceAll("\n", " ")}\`; Record file (named by the address) is \`${recordFile}\``,
        { storeUrl, params, recordFile },
      );
    }
    case "loading":
      return line("info", "load", `Now loading ${name} payload...`);
    case "hit":
      return line(
        "info",
        "load",
        `Successfully loaded ${name} payload${event.alias === undefined ? "" : ` (found as ${event.alias})`}`,
        {
          durationMs: event.durationMs,
        },
      );
    case "miss":
      return line("info", "loadOrGenerate", `Nothing to load, continuing to generate payload: ${event.reason}`, {
        kind: event.kind,
      });
    case "waiting":
      return line("info", "loadOrGenerate", `Waiting for ${event.owner}, which generates ${name} payload`, {
        owner: event.owner,
      });
    case "takeover":
      return line("warn", "loadOrGenerate", `Taking over from ${event.owner}, which is gone`, { owner: event.owner });
    case "started":
      return line("info", "generate", `Now generating ${name} payload...`);
    case "progress": {
      const { done, total, note } = event;
      const far = `${done}${total === undefined ? "" : ` of ${total}`}${note === undefined ? "" : `, ${note}`}`;
      return line("debug", "generate", `Generating ${name} payload: ${far}`, { done, total, note });
    }
    case "generated": {
      const { durationMs, cost } = event;
      const spent = cost === undefined ? "" : `, for ${describeCost(cost)}`;
      return line("info", "generate", `Generated ${name} payload in ${Math.round(durationMs)} ms${spent}`, {
        durationMs,
        cost,
      });
    }
    case "failed":
      return line("error", "generate", `Failed: ${describeError(event.error)}`);
    case "persisted": {
      const { recordFile, payloadFile, sizeBytes, format, durationMs } = event;
      const where =
        payloadFile === undefined ? recordFile : `${payloadFile} (see ${recordFile} to view corresponding params)`;
      return line("info", "persist", `Successfully persisted payload to ${where}.`, {
        recordFile,
        payloadFile,
        sizeBytes,
        format,
        durationMs,
      });
    }
    case "corrupt": {
      const aside = event.quarantine === undefined ? "" : `; set aside as ${event.quarantine}`;
      return line("warn", "load", `Damaged artifact: ${event.file} ${event.problem}${aside}`, {
        file: event.file,
        problem: event.problem,
      });
    }
    case "invalid":
      return line("warn", "load", `Loaded payload is invalid, and is kept as asked: ${describeError(event.error)}`);
    case "source-changed":
      return line(
        "warn",
        "load",
        `The generator's source changed since this artifact was made, and it was loaded all the same. If the change matters, give the definition another version.`,
        { recorded: event.recorded, current: event.current },
      );
    case "removed":
      return line("info", "remove", `Removed ${name} artifact`);
  }
}

function describeCost(cost: Readonly<Record<string, number>>): string {
  return Object.entries(cost)
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(", ");
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
