import { useEffect, useRef, useState } from "react";
import { areShortcutsOn, SHORTCUTS, switchShortcuts, useShortcuts } from "./shortcuts.ts";

const OPEN = "persistable-open-help";

export function openHelpSheet(): void {
  window.dispatchEvent(new Event(OPEN));
}

/** Every key, a few queries, and the switch for those who press keys by accident. */
export function HelpSheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOn, setIsOn] = useState(areShortcutsOn);
  useShortcuts({ "?": openHelpSheet });
  useEffect(() => {
    const open = () => dialog.current?.showModal();
    window.addEventListener(OPEN, open);
    return () => window.removeEventListener(OPEN, open);
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" className="help">
      <h2 id="help-title">Keys</h2>
      <dl>
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ target }) => {
            switchShortcuts(target.checked);
            setIsOn(target.checked);
          }}
        />{" "}
        Single keys do something while no field has the focus
      </label>
      <h2>Queries</h2>
      <p>
        Every term has to hold: <code>estimator</code> is a name, <code>zThreshold&gt;1</code> compares,{" "}
        <code>title~draft</code> looks for a part of a text, <code>summary.k?</code> asks for a value,{" "}
        <code>-state=failed</code> turns a term around, <code>created&gt;-2d</code> means the last two days.
      </p>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
