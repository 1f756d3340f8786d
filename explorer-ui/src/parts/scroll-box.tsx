import type { ReactNode, RefObject } from "react";

/** A place that scrolls by itself. The keyboard reaches it, so that the arrow keys scroll it. */
export function ScrollBox({
  label,
  scrollRef,
  children,
}: {
  readonly label: string;
  readonly scrollRef?: RefObject<HTMLElement | null>;
  readonly children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, only a mouse could scroll.
    <section className="scroll" ref={scrollRef} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
