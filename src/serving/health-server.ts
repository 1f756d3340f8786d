import { once } from "node:events";
import { createServer } from "node:http";

/** The state of a worker. */
export interface Health {
  readonly counts: { readonly running: number; readonly done: number; readonly failed: number };
  readonly isEnding: boolean;
  /** The number of jobs in the queue, by state. */
  queued(): Promise<Readonly<Record<string, number>>>;
}

/**
 * Answers requests from this machine alone: `/health` with 200, or with 503 while the worker ends,
 * and `/metrics` for Prometheus.
 */
export async function serveHealth(port: number, health: Health): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    if (request.url === "/health") response.writeHead(health.isEnding ? 503 : 200).end();
    else if (request.url === "/metrics")
      void metricsOf(health).then(
        (text) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(text),
        () => response.writeHead(503).end(),
      );
    else response.writeHead(404).end();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function metricsOf(health: Health): Promise<string> {
  const { running, done, failed } = health.counts;
  const queued = Object.entries(await health.queued());
  return [
    "# TYPE persistable_worker_running gauge",
    `persistable_worker_running ${running}`,
    "# TYPE persistable_worker_done_total counter",
    `persistable_worker_done_total ${done}`,
    "# TYPE persistable_worker_failed_total counter",
    `persistable_worker_failed_total ${failed}`,
    "# TYPE persistable_queue_jobs gauge",
    ...queued.map(([state, count]) => `persistable_queue_jobs{state="${state}"} ${count}`),
    "",
  ].join("\n");
}
