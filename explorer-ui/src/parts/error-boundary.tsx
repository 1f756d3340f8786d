import { Component, type ReactNode } from "react";
import { Problem } from "./notices.tsx";

/** A fault in one page leaves the rest of the explorer usable. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: unknown): { readonly error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <main>
        <h1>This page has a fault</h1>
        <Problem
          error={{
            message: error.message,
            hint: "Nothing in the data directory has changed. Another page may show what you need; please report the fault with the URL of this one.",
            code: "EXPLORER_PAGE_FAULT",
          }}
        />
      </main>
    );
  }
}
