/** The scheme of a URL, in small letters. */
export function schemeOf(url: string): string | undefined {
  return /^[a-z]+(?=:\/\/)/.exec(url)?.[0];
}

/** The URL without user, password and options. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return `${schemeOf(url) ?? "?"}://…`;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
