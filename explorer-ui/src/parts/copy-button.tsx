import { announce } from "./announcer.tsx";

/** Puts a text on the clipboard and says so. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied ${what}.`);
  } catch {
    announce(`The browser did not allow copying ${what}. Select the text and copy it by hand.`);
  }
}

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <button type="button" title={text} onClick={() => void copyText(text, what)}>
      Copy {what}
    </button>
  );
}
