import type { Plugin } from "vite";

/** In `npm run dev`, the API answers from samples; built pages have none of this. */
export function answerFromSamples(): Plugin {
  return {
    name: "answer-from-samples",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use("/api", (request, response) => {
        const url = new URL(request.url ?? "/", "http://localhost");
        server
          .ssrLoadModule("/dev/sample-answers.ts")
          .then(({ sampleAnswer }) => {
            const answer = sampleAnswer(`/api${url.pathname}`, url.searchParams);
            if (answer === "events") {
              response.writeHead(200, { "content-type": "text/event-stream" });
              response.write('event: hello\ndata: {"type":"hello","cursor":"0"}\n\n');
              return;
            }
            response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
            response.end(
              JSON.stringify(
                answer ?? { error: { code: "NO_SAMPLE", message: "There is no sample for this.", hint: "" } },
              ),
            );
          })
          .catch((error) => server.config.logger.error(String(error)));
      });
    },
  };
}
