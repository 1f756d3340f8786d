/** The page that `persistable` alone prints. */
export const topPage = `persistable: find, explain, compare, run and clean up persisted artifacts

Generate
  run MODULE NAME k=v…     generate what is missing
  worker MODULE --on URL   generate what runs on other machines have queued
  plan MODULE NAME k=v…    what would be generated, and why
  why MODULE NAME k=v…     why one artifact is there, or would be generated
  graph …                  what an artifact is made from
  accept MODULE ARTIFACT…  say that a change of the code does not matter
  collect MODULE …         params and results of many artifacts as a table
  init [FILE]              write a small pipeline to start from

Look
  ls [QUERY…]              the artifacts that a query means
  show ARTIFACT            one artifact: params, provenance, preview
  cat ARTIFACT             its payload
  diff A B…                what differs
  runs [RUN]               the runs, or what happened in one
  explore [QUERY…]         all of it as a page in the browser

Keep in order
  verify [QUERY…]          read every byte, and compare the digests
  gc                       what a policy would remove, and why; --yes removes it
  rm ARTIFACT…             remove artifacts that nothing is made from
  tag, untag, pin, unpin   name artifacts that stay
  copy FROM TO [QUERY…]    into another data directory
  export FILE [QUERY…]     into one file; import FILE brings it in
  rename OLD NEW [MODULE]  rename a definition, and still find its artifacts

More
  doctor                   check Node, the library and the data directory
  completion SHELL         for bash, zsh or fish
  help TOPIC               a command, or exit-codes, params, queries, artifacts, json

Every command takes --help, --data-dir, --json, -C, -q, -v, --color and --trace.

  persistable init && persistable run pipeline.ts report threshold=2 points.n=1000
`;
