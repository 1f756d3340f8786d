/**
 * Returns how long a service asks its client to wait, by the headers of an answer: `Retry-After` in
 * seconds or as a date, or the milliseconds that Azure also sends.
 *
 * @param header - returns the value of a header by its lower-case name
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
  // The wait is measured by the service's clock, if the answer has its date: this machine's may be
  // wrong.
  const sentMs = Date.parse(header("date") ?? "");
  const waitMs = untilMs - (Number.isNaN(sentMs) ? Date.now() : sentMs);
  return waitMs > 0 ? { retryAfterMs: waitMs } : {};
}

function numberOf(text: string | null | undefined): number | undefined {
  return text !== undefined && text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}
