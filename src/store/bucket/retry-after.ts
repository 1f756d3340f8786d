/**
 * How long a service asks its client to wait, by the headers of an answer: `Retry-After` in seconds
 * or as a date, or the milliseconds that Azure also says.
 *
 * @param header - the value of a header by its name in small letters
 */
export function retryAfterOf(header: (name: string) => string | null | undefined): { readonly retryAfterMs?: number } {
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    const ms = numberOf(header(name));
    if (ms !== undefined) return ms > 0 ? { retryAfterMs: ms } : {};
  }
  const told = header("retry-after")?.trim() ?? "";
  const seconds = numberOf(told);
  if (seconds !== undefined) return seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
  const untilMs = Date.parse(told);
  if (Number.isNaN(untilMs)) return {};
  // By the clock of the service, where it says what that shows: this machine's may be wrong.
  const sentMs = Date.parse(header("date") ?? "");
  const waitMs = untilMs - (Number.isNaN(sentMs) ? Date.now() : sentMs);
  return waitMs > 0 ? { retryAfterMs: waitMs } : {};
}

function numberOf(text: string | null | undefined): number | undefined {
  return text !== undefined && text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}
