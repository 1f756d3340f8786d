/** Counts side by side as an SVG: a histogram, or a bar for each value. */
export function Bars({
  counts,
  label,
  onChoose,
}: {
  readonly counts: readonly number[];
  /** The sentence that a screen reader says instead of the drawing. */
  readonly label: string;
  readonly onChoose?: (index: number) => void;
}) {
  const most = Math.max(1, ...counts);
  const width = 100 / Math.max(1, counts.length);
  return (
    <svg className="bars" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      {counts.map((count, index) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the fields below the bars do the same by keyboard.
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place.
          key={index}
          x={index * width}
          y={count === 0 ? 23.5 : 24 - Math.max(1.5, (count / most) * 24)}
          width={Math.max(0.4, width - 0.4)}
          height={count === 0 ? 0.5 : Math.max(1.5, (count / most) * 24)}
          data-choosable={onChoose !== undefined}
          onClick={onChoose === undefined ? undefined : () => onChoose(index)}
        />
      ))}
    </svg>
  );
}
