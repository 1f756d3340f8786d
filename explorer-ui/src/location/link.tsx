import type { ComponentProps, MouseEvent } from "react";
import { hrefOf, navigate } from "./location.ts";

/** A link to another page of the explorer, which opens without loading the document again. */
export function Link({ href, onClick, ...rest }: ComponentProps<"a"> & { readonly href: string }) {
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    onClick?.(event);
    const opensElsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
    if (event.defaultPrevented || opensElsewhere) return;
    event.preventDefault();
    navigate(href);
  }
  return <a {...rest} href={hrefOf(href)} onClick={follow} />;
}
