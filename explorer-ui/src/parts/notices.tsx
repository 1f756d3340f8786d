import type { ReactNode } from "react";
import type { AskError } from "../api/ask.ts";

/** Says what went wrong, and what to do about it. */
export function Problem({ error }: { readonly error: Pick<AskError, "message" | "hint" | "code"> }) {
  return (
    <div className="notice" data-tone="bad" role="alert">
      <p>
        <strong>{error.message}</strong>
      </p>
      {error.hint === "" ? null : <p>{error.hint}</p>}
      <p className="small">{error.code}</p>
    </div>
  );
}

/** Says what an empty place would show, and how it gets filled. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="notice" data-tone="quiet">
      <p>
        <strong>{title}</strong>
      </p>
      {children}
    </div>
  );
}

/** Stands where an answer will be: it appears only when the answer takes a while. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p className="loading" role="status">
      Loading {what} …
    </p>
  );
}

/** Either the answer, or why there is none yet. */
export function Answer<Value>({
  of: { answer, error },
  what,
  children,
}: {
  readonly of: { readonly answer?: Value; readonly error?: AskError };
  readonly what: string;
  readonly children: (answer: Value) => ReactNode;
}) {
  if (error !== undefined) return <Problem error={error} />;
  return answer === undefined ? <Loading what={what} /> : children(answer);
}
