import * as Plot from "@observablehq/plot";
import { useEffect, useRef, useState } from "react";
import { isFile } from "../../exported/exported-data.ts";
import { hrefOf } from "../../location/location.ts";

/** A plot as wide as its place. */
export function PlotFigure({
  options,
  onInput,
}: {
  readonly options: Plot.PlotOptions;
  readonly onInput?: (value: unknown) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (width === 0) return;
    const plot = Plot.plot({ className: "plot", width, ...options });
    // The styles that Plot brings are in a style element, which the security policy of the page
    // forbids: the same styles are in our style sheet.
    for (const style of plot.querySelectorAll("style")) style.remove();
    nameParts(plot);
    const tell = () => onInput?.(plot.value);
    plot.addEventListener("input", tell);
    place.current?.replaceChildren(plot);
    return () => plot.remove();
  }, [width, options, onInput]);

  return <div ref={place} className="plot-place" />;
}

/**
 * Plot names its groups without a role, and its links not at all. The links are for the mouse: the
 * table beside each drawing has the same links for the keyboard.
 */
function nameParts(plot: Element): void {
  for (const group of plot.querySelectorAll("g[aria-label]")) group.setAttribute("role", "group");
  for (const link of plot.querySelectorAll("a")) {
    const url = link.getAttribute("xlink:href") ?? link.getAttribute("href");
    if (isFile && url !== null) link.setAttribute("href", hrefOf(url));
    link.setAttribute("tabindex", "-1");
    link.setAttribute("aria-label", link.textContent || (link.getAttribute("xlink:href") ?? "artifact"));
  }
}
