import { useSyncExternalStore } from "react";

let text = "";
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** Says in a line at the bottom, and to screen readers, what has just been done. */
export function announce(said: string): void {
  text = said;
  clearTimeout(timer);
  if (said !== "") timer = setTimeout(() => announce(""), 4000);
  for (const listener of listeners) listener();
}

export function Announcer() {
  const said = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => text,
  );
  return (
    <div className="announcer" role="status" data-empty={said === ""}>
      {said}
    </div>
  );
}
