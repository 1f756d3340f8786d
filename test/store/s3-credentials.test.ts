import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { openS3, s3Store } from "../../src/entry/stores/s3.ts";
import { StoreAccessError, UnknownStoreError } from "../../src/errors/store-errors.ts";
import { storePath } from "../../src/store/store-path.ts";
import { CREDENTIALS, createBucket, startS3rver } from "../support/servers/s3-servers.ts";

const environment = { ...process.env };
Object.assign(process.env, CREDENTIALS.s3rver);
const server = await startS3rver();
afterAll(() => server?.close());
afterEach(() => void Object.assign(process.env, CREDENTIALS.s3rver));
afterAll(() => {
  for (const name of Object.keys(CREDENTIALS.s3rver)) {
    const earlier = environment[name];
    if (earlier === undefined) delete process.env[name];
    else process.env[name] = earlier;
  }
});

const PATH = storePath("points", "a.json");

it.each([
  "s3://key:secret@bucket/prefix",
  "s3://key@bucket/prefix",
  "s3://:secret@bucket/prefix",
  "s3://bucket?endpoint=http%3A%2F%2Fkey%3Asecret%40127.0.0.1",
])("are refused in a URL, without repeating them: %s", async (url) => {
  const error = await openS3(url).catch((refusal: unknown) => refusal);
  expect(error).toBeInstanceOf(UnknownStoreError);
  expect(String(error)).toContain("credentials");
  expect(String(error)).not.toContain("secret");
});

it.each(["s3:", "s3:///prefix", "s3://bucket/%zz", "az://bucket", "bucket"])("is no place of S3: %s", async (url) => {
  await expect(openS3(url)).rejects.toThrow(UnknownStoreError);
});

describe.skipIf(server === undefined)("credentials", () => {
  const endpoint = server?.url ?? "";

  it("are the client's own business, and what is wrong with them is said", async () => {
    const bucket = await createBucket(endpoint);
    const credentials = { accessKeyId: "nobody", secretAccessKey: "wrong" };
    const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });
    const store = await s3Store({ bucket, client });
    await expect(store.writeFresh(PATH, [Buffer.from("x")])).rejects.toThrow(StoreAccessError);
    await expect(store.read(PATH)).rejects.toThrow(/does not accept the credentials \(InvalidAccessKeyId\)/);
    const right = await s3Store({ bucket, endpoint });
    expect(await right.read(PATH)).toBeUndefined();
    client.destroy();
  });

  it("that are nowhere are an error, and no miss", async () => {
    const bucket = await createBucket(endpoint);
    for (const name of Object.keys(CREDENTIALS.s3rver)) delete process.env[name];
    process.env.AWS_EC2_METADATA_DISABLED = "true";
    process.env.AWS_CONFIG_FILE = "/nowhere";
    process.env.AWS_SHARED_CREDENTIALS_FILE = "/nowhere";
    const store = await openS3(`s3://${bucket}?endpoint=${encodeURIComponent(endpoint)}`);
    await expect(store.read(PATH)).rejects.toMatchObject({
      code: "PERSISTABLE_STORE_ACCESS",
      systemCode: "CredentialsProviderError",
      message: expect.stringContaining("there are no credentials for S3"),
    });
  });
});
