import { payloadBytesOf } from "../../record/payload-bytes.ts";
import type { ArtifactRecord } from "../../record/record.ts";

/** Returns an artifact in the form in which every command prints it with `--json`. */
export function artifactJson(record: ArtifactRecord): Readonly<Record<string, unknown>> {
  const { address, name, version, draw, params, summary, payload, provenance, dependencies } = record;
  return {
    address,
    name,
    version,
    draw,
    params,
    summary,
    createdAt: provenance.createdAt,
    durationMs: provenance.durationMs,
    sizeBytes: payloadBytesOf(payload),
    format: payload.format,
    digest: payload.digest,
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([role, upstream]) => [
        role,
        { name: upstream.name, address: upstream.address },
      ]),
    ),
  };
}
