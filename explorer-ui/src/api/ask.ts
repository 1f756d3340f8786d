import type { ErrorAnswer, Routes } from "../../../src/explorer/api.ts";
import { isFile } from "../exported/exported-data.ts";

/** A refusal of the server, or no answer at all: what happened, and what to do. */
export class AskError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly position: number | undefined;

  constructor({ code, message, hint, position }: ErrorAnswer["error"]) {
    super(message);
    this.name = "AskError";
    this.code = code;
    this.hint = hint;
    this.position = position;
  }
}

type AskedValue = string | number | readonly string[] | undefined;

/** The URL of a route: a list is the same parameter several times. */
export function routeUrl(route: string, asked: object): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(asked) as [string, AskedValue][]) {
    if (value === undefined || value === "") continue;
    for (const each of Array.isArray(value) ? value : [value]) params.append(name, String(each));
  }
  const text = params.toString();
  return text === "" ? route : `${route}?${text}`;
}

/** @throws {@link AskError}, the signal's reason */
export async function ask<Route extends keyof Routes>(
  route: Route,
  asked: Routes[Route]["asked"],
  signal?: AbortSignal,
): Promise<Routes[Route]["answer"]> {
  if (isFile) return askFile(route, asked) as Promise<Routes[Route]["answer"]>;
  const response = await fetch(routeUrl(route, asked), signal === undefined ? {} : { signal }).catch((error) => {
    throw signal?.aborted === true ? error : noAnswer();
  });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

/** A page in a file has its answers with it. */
async function askFile(route: keyof Routes, asked: object): Promise<unknown> {
  const { answerFromFile } = await import("../exported/exported-answers.ts");
  const { searchParams } = new URL(routeUrl(route, asked), "http://page");
  return answerFromFile(route, searchParams).catch((error: Partial<ErrorAnswer["error"]>) => {
    const { code = "EXPLORER_FAILED", message = String(error), hint = "", position } = error;
    throw new AskError({ code, message, hint, ...(position === undefined ? {} : { position }) });
  });
}

function noAnswer(): AskError {
  return new AskError({
    code: "EXPLORER_NO_ANSWER",
    message: "The server of this page does not answer.",
    hint: "Start `persistable explore` again in the terminal, and open the URL that it prints.",
  });
}

async function refusal(response: Response): Promise<AskError> {
  const body: Partial<ErrorAnswer> = await response.json().catch(() => ({}));
  return new AskError(
    body.error ?? {
      code: `HTTP_${response.status}`,
      message: `The server answered with status ${response.status}.`,
      hint: "Open the URL that `persistable explore` printed in the terminal.",
    },
  );
}
