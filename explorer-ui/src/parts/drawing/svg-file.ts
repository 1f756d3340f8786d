const KEPT_STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "font",
  "text-anchor",
  "opacity",
];

/** A drawing as a file of its own: what style sheets give it is written into its elements. */
export function svgFile(svg: SVGSVGElement): Blob {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const copied = [...copy.querySelectorAll<SVGElement>("*")];
  [...svg.querySelectorAll("*")].forEach((element, index) => {
    const styles = getComputedStyle(element);
    for (const name of KEPT_STYLES) copied[index]?.style.setProperty(name, styles.getPropertyValue(name));
  });
  copy.style.background = getComputedStyle(document.body).backgroundColor;
  copy.style.color = getComputedStyle(svg).color;
  copy.style.font = getComputedStyle(svg).font;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
}
