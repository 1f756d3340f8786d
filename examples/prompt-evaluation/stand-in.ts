import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A model on this machine, so that the example needs no key: it speaks like OpenAI's. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: number;
}

const FACTS: Readonly<Record<string, string>> = { France: "Paris", Japan: "Tokyo", Peru: "Lima", Kenya: "Nairobi" };

/** It is right more often if the prompt asks for one word, and says something else each time. */
export async function startStandIn(): Promise<StandIn> {
  let asked = 0;
  const server = createServer(async (request, response) => {
    asked += 1;
    const { model, messages } = JSON.parse(await textOf(request));
    const question: string = messages.map(({ content }: { content: string }) => content).join(" ");
    const country = Object.keys(FACTS).find((name) => question.includes(name)) ?? "";
    const isRight = question.includes("one word") || asked % 3 !== 0;
    const said = isRight ? (FACTS[country] ?? "") : "I do not know.";
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        id: `answer-${asked}`,
        object: "chat.completion",
        created: 1_750_000_000,
        model,
        choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: said } }],
        usage: { prompt_tokens: 20, completion_tokens: said.length, total_tokens: 20 + said.length },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    get asked() {
      return asked;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
