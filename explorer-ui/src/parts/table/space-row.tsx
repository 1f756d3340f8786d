/** Takes the space of the rows above or below the screen. */
export function SpaceRow({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus.
    <tr className="space" aria-hidden="true" style={{ height }}>
      <td colSpan={columns} />
    </tr>
  );
}
