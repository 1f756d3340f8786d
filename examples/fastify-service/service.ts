import Fastify, { type FastifyInstance } from "fastify";
import { json, persistFunction } from "persistable-ts";

export interface ServiceOptions {
  readonly dataDir: string;
  /** Asks the service behind this one. It costs a second, and it is down now and then. */
  readonly measure: (station: string, signal: AbortSignal | undefined) => Promise<number[]>;
}

/**
 * Reports of weather stations. Fifty requests for the same station are one generation, also where
 * several processes share the data directory.
 */
export function buildService({ dataDir, measure }: ServiceOptions): FastifyInstance {
  const report = persistFunction(
    async (station: string, { signal }: { signal?: AbortSignal } = {}) => {
      const degrees = await measure(station, signal);
      const mean = degrees.reduce((sum, degree) => sum + degree, 0) / degrees.length;
      return { station, mean, highest: Math.max(...degrees), measurements: degrees.length };
    },
    {
      name: "station_report",
      dataDir,
      format: json(),
      maxAge: 10 * 60_000, // ten minutes
      staleWhileRevalidate: 3600_000, // an hour more: the old one is given while a new one is made
      maxFailureAge: 5_000, // a failure is not repeated for each request
    },
  );

  const service = Fastify();
  const params = {
    type: "object",
    properties: { station: { type: "string", pattern: "^[a-z]{2,20}$" } },
    required: ["station"],
  };
  service.get<{ Params: { station: string } }>("/stations/:station", { schema: { params } }, async (request, reply) => {
    const leaves = new AbortController();
    reply.raw.on("close", () => leaves.abort());
    return report(request.params.station, { signal: leaves.signal });
  });
  service.setErrorHandler((error, _request, reply) => {
    const isRequestWrong = error instanceof Error && "validation" in error;
    const message = error instanceof Error ? error.message : String(error);
    void reply.status(isRequestWrong ? 400 : 503).send({ message });
  });
  return service;
}
