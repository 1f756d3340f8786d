import { parseDuration, parseShare, parseSize } from "../text/parse-amounts.ts";
import { counted, defineCommand, each, switchedOn, textOf, tuple, valued } from "./define-command.ts";

const artifact = textOf("artifact", "persistable help artifacts");
const query = each(textOf("query", "Terms that all must hold: persistable help queries"));
const yes = { ...switchedOn, brief: "Remove it; without this it is only listed" } as const;

const copyFlags = {
  withUpstream: { ...switchedOn, brief: "All that they were made from too" },
  tags: { kind: "boolean", optional: true, brief: "Their tags and pins too [yes]; --no-tags leaves them out" },
} as const;

/** The commands that check a data directory, clean it up, and bring artifacts elsewhere. */
export const housekeepingCommands = {
  verify: defineCommand({
    load: async () => (await import("../commands/housekeeping/verify.ts")).verify,
    flags: {
      sample: valued("10%", "A part of them, chosen by chance", parseShare),
      repair: { ...switchedOn, brief: "Set damaged artifacts aside, or take the copy of the other store" },
    },
    positional: query,
    brief: "Read every byte, and compare the digests",
    text:
      "Reads every byte of the artifacts that a query means, or of all. Exits with 5 if one is damaged.\n\n" +
      "  persistable verify\n" +
      "  persistable verify estimator 'created>-7d' --repair",
  }),
  gc: defineCommand({
    load: async () => (await import("../commands/housekeeping/gc.ts")).gc,
    flags: {
      keepLast: counted(0, "n", "Not the newest n of each name"),
      olderThan: valued("30d", "Only what was generated longer ago", parseDuration),
      unusedSince: valued("30d", "Only what was not loaded for so long; in a bucket, its age", parseDuration),
      maxSize: valued("10GB", "Only until the rest fits, the least recently used first", parseSize),
      orphans: { ...switchedOn, brief: "Payloads without a record, and unfinished writes" },
      quarantine: valued("30d", "Damaged artifacts that were set aside longer ago", parseDuration),
      yes,
    },
    positional: query,
    brief: "Remove what a policy does not keep",
    text:
      "Lists what would be removed, and why; --yes removes it. Artifacts go if every condition that is given\n" +
      "holds. What has a tag or a pin stays, and so does all that an artifact which stays was made from.\n\n" +
      "  persistable gc --older-than 30d --keep-last 3\n" +
      "  persistable gc estimator 'zThreshold>5' --older-than 7d --yes\n" +
      "  persistable gc --orphans --quarantine 30d",
  }),
  rm: defineCommand({
    load: async () => (await import("../commands/housekeeping/rm.ts")).rm,
    flags: { cascade: { ...switchedOn, brief: "Remove what is made from them too" }, yes },
    positional: each(artifact),
    brief: "Remove artifacts",
    text:
      "Lists the artifacts; --yes removes them. Refuses those that others are made from, or that have a tag.\n\n" +
      "  persistable rm 'estimator{zThreshold=5}' --yes",
  }),
  tag: defineCommand({
    load: async () => (await import("../commands/housekeeping/tag.ts")).tag,
    positional: each(textOf("artifact tag", "An artifact and its tag; all tags without")),
    brief: "Give an artifact a tag, or list all tags",
    text:
      "A tag is a name for one artifact: estimator@paper. gc and rm leave it alone.\n\n" +
      "  persistable tag estimator/3f9a1c2e paper\n" +
      "  persistable show estimator@paper",
  }),
  untag: defineCommand({
    load: async () => (await import("../commands/housekeeping/tag.ts")).untag,
    positional: tuple(textOf("name@tag", "The tag to take away")),
    brief: "Take a tag away",
  }),
  pin: defineCommand({
    load: async () => (await import("../commands/housekeeping/tag.ts")).pin,
    positional: tuple(artifact),
    brief: "Keep an artifact from gc and rm",
  }),
  unpin: defineCommand({
    load: async () => (await import("../commands/housekeeping/tag.ts")).unpin,
    positional: tuple(artifact),
    brief: "Let a pinned artifact be removed again",
  }),
  copy: defineCommand({
    load: async () => (await import("../commands/housekeeping/copy.ts")).copy,
    flags: copyFlags,
    positional: each(textOf("from to query", "Two folders or URLs of stores, and terms that all must hold")),
    brief: "Copy artifacts to another data directory",
    text:
      "Copies artifacts between folders, buckets and servers. Every byte is verified on its way, and what is\n" +
      "there already stays. Repeated, it goes on where it was broken off.\n\n" +
      "  persistable copy persistable-data s3://bucket/study estimator --with-upstream",
  }),
  export: defineCommand({
    load: async () => (await import("../commands/housekeeping/copy.ts")).exportToFile,
    flags: copyFlags,
    positional: each(textOf("file query", "The file to write, and terms that all must hold")),
    brief: "Write artifacts into one file",
    text:
      "Writes artifacts into one tar file, for another machine or for keeping. persistable import reads it;\n" +
      "unpacked with tar, it is a data directory.\n\n" +
      "  persistable export study.tar estimator 'zThreshold>1' --with-upstream",
  }),
  import: defineCommand({
    load: async () => (await import("../commands/housekeeping/copy.ts")).importFromFile,
    flags: { tags: copyFlags.tags },
    positional: tuple(textOf("file", "A file that persistable export has written")),
    brief: "Bring the artifacts of such a file in",
    text:
      "Reads the whole file first: if it was cut short or changed, nothing is written, and the exit code is 5.\n" +
      "Import only what was made by people whose results you would use.\n\n" +
      "  persistable import study.tar --data-dir elsewhere",
  }),
} as const;
