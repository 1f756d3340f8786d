import type * as S3 from "@aws-sdk/client-s3";
import type * as Azure from "@azure/storage-blob";
import type * as Gcs from "@google-cloud/storage";
import type * as Age from "age-encryption";
import type * as ParquetReader from "hyparquet";
import type * as ParquetWriter from "hyparquet-writer";
import type * as LogUpdate from "log-update";
import type * as MessagePack from "msgpackr";
import { peerFailure } from "./peer-failure.ts";

// Every optional peer, loaded on its first use. Each import stands in a `try` of its own and names
// its package in plain text: that is how bundlers learn that the package may be absent, and a
// program without it can be bundled.

/** @throws {@link MissingPeerError} */
export async function loadS3(): Promise<typeof S3> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (cause) {
    throw peerFailure("A store in an S3 bucket", "@aws-sdk/client-s3", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadAzure(): Promise<typeof Azure> {
  try {
    return await import("@azure/storage-blob");
  } catch (cause) {
    throw peerFailure("A store in an Azure container", "@azure/storage-blob", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadGcs(): Promise<typeof Gcs> {
  try {
    return await import("@google-cloud/storage");
  } catch (cause) {
    throw peerFailure("A store in a bucket of Google Cloud", "@google-cloud/storage", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadSftp(): Promise<{ readonly default: typeof import("ssh2-sftp-client") }> {
  try {
    return await import("ssh2-sftp-client");
  } catch (cause) {
    throw peerFailure("A store on an SFTP server", "ssh2-sftp-client", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadArrow(): Promise<typeof import("apache-arrow")> {
  try {
    return await import("apache-arrow");
  } catch (cause) {
    throw peerFailure("Arrow", "apache-arrow", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadAge(): Promise<typeof Age> {
  try {
    return await import("age-encryption");
  } catch (cause) {
    throw peerFailure("Encryption", "age-encryption", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadParquetReader(): Promise<typeof ParquetReader> {
  try {
    return await import("hyparquet");
  } catch (cause) {
    throw peerFailure("Parquet", "hyparquet", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadParquetWriter(): Promise<typeof ParquetWriter> {
  try {
    return await import("hyparquet-writer");
  } catch (cause) {
    throw peerFailure("Parquet", "hyparquet-writer", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadMessagePack(): Promise<typeof MessagePack> {
  try {
    return await import("msgpackr");
  } catch (cause) {
    throw peerFailure("MessagePack", "msgpackr", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadLogUpdate(): Promise<typeof LogUpdate> {
  try {
    return await import("log-update");
  } catch (cause) {
    throw peerFailure("Drawing a run in the terminal", "log-update", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadTar(): Promise<typeof import("tar-stream")> {
  try {
    return await import("tar-stream");
  } catch (cause) {
    throw peerFailure("An archive of artifacts", "tar-stream", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadBullmq(): Promise<typeof import("bullmq")> {
  try {
    return await import("bullmq");
  } catch (cause) {
    throw peerFailure("An engine for several machines", "bullmq", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadRedisClient(): Promise<{ readonly Redis: typeof import("ioredis").Redis }> {
  try {
    return await import("ioredis");
  } catch (cause) {
    throw peerFailure("An engine on Redis", "ioredis", cause);
  }
}

/** @throws {@link MissingPeerError} */
export async function loadPostgresClient(): Promise<typeof import("pg")> {
  try {
    return await import("pg");
  } catch (cause) {
    throw peerFailure("An engine on PostgreSQL", "pg", cause);
  }
}
