import { elementScroll, observeElementOffset, useVirtualizer } from "@tanstack/react-virtual";
import type { RefObject } from "react";

export const ROW_HEIGHT = 30;

/** Firefox cuts an element at 17.9 million pixels, and Chromium at 33.5 million. */
const MOST_PIXELS = 16_000_000;

/** The rows that are on the screen, and how much space is above and below them. */
export interface RowsOnScreen {
  readonly indexes: readonly number[];
  readonly above: number;
  readonly below: number;
  scrollTo(index: number): void;
}

/**
 * Keeps only the rows on the screen in the document. With more rows than a browser has pixels for,
 * one pixel of the scroll bar stands for several.
 */
export function useRowsOnScreen(count: number, scrollRef: RefObject<HTMLElement | null>): RowsOnScreen {
  const whole = count * ROW_HEIGHT;
  const drawn = Math.min(whole, MOST_PIXELS);
  const factorFor = (viewHeight: number) => (whole > drawn ? (whole - viewHeight) / (drawn - viewHeight) : 1);
  const virtualizer = useVirtualizer<HTMLElement, HTMLTableRowElement>({
    count,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
    scrollPaddingStart: ROW_HEIGHT,
    observeElementOffset: (instance, tell) =>
      observeElementOffset(instance, (offset, isScrolling) =>
        tell(offset * factorFor(instance.scrollRect?.height ?? 0), isScrolling),
      ),
    scrollToFn: (offset, options, instance) =>
      elementScroll(offset / factorFor(instance.scrollRect?.height ?? 0), options, instance),
  });
  const items = virtualizer.getVirtualItems();
  const offset = virtualizer.scrollOffset ?? 0;
  const start = items[0]?.start ?? 0;
  const above = Math.max(0, start - offset + offset / factorFor(virtualizer.scrollRect?.height ?? 0));
  return {
    indexes: items.map(({ index }) => index),
    above,
    below: Math.max(0, drawn - above - items.length * ROW_HEIGHT),
    scrollTo: (index) => virtualizer.scrollToIndex(index),
  };
}
