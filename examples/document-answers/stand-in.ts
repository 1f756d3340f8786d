import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on this machine that speaks like OpenAI's, so that the example needs no key. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** How many texts were embedded, and how many questions were answered. */
  readonly asked: { embedded: number; answered: number };
}

export async function startStandIn(): Promise<StandIn> {
  const asked = { embedded: 0, answered: 0 };
  const server = createServer(async (request, response) => {
    const { model, input, messages } = JSON.parse(await textOf(request));
    response.setHeader("content-type", "application/json");
    if (request.url === "/v1/embeddings") {
      asked.embedded += input.length;
      const data = input.map((text: string, index: number) => ({
        object: "embedding",
        index,
        embedding: vectorOf(text),
      }));
      response.end(JSON.stringify({ object: "list", model, data, usage: { prompt_tokens: 12 * input.length } }));
      return;
    }
    asked.answered += 1;
    const message = { role: "assistant", content: answerFrom(messages.at(-1).content) };
    const usage = { prompt_tokens: 80, completion_tokens: 15, total_tokens: 95 };
    const choices = [{ index: 0, finish_reason: "stop", message }];
    response.end(
      JSON.stringify({ id: "stand-in", object: "chat.completion", created: 1_750_000_000, model, choices, usage }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Words of four letters and more, without the ends that change. */
function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/[a-z]{4,}/g) ?? []).map((word) => word.replace(/(?:s|est|er)$/, ""));
}

/** Each word adds to one of 256 dimensions: texts with the same words are near each other. */
function vectorOf(text: string): number[] {
  const vector = new Array<number>(256).fill(0);
  for (const word of wordsOf(text)) {
    const place = [...word].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 256, 7);
    vector[place] = (vector[place] ?? 0) + 1;
  }
  return vector;
}

/** The sentence of the passages that shares the most words with the question. */
function answerFrom(prompt: string): string {
  const [passages = "", question = ""] = prompt.split("Question: ");
  const wanted = new Set(wordsOf(question));
  const sentences = passages.replaceAll("Passage: ", "").split(/(?<=[.])\s+/);
  const score = (sentence: string) => new Set(wordsOf(sentence).filter((word) => wanted.has(word))).size;
  return sentences.reduce((best, sentence) => (score(sentence) > score(best) ? sentence : best), "").trim();
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
