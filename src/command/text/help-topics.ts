/** The pages of `persistable help TOPIC`. */
export const topics: Readonly<Record<string, string>> = {
  "exit-codes": `Exit codes
  0    done
  1    failed
  2    wrong usage: an unknown or ambiguous name, flag or parameter
  3    partly done: some failed, could not be read or had to stay; the rest is finished
  4    there is work to do, or they differ (only with --exit-code)
  5    something is damaged
  6    another process is generating or replacing it
  130  Ctrl-C        143  SIGTERM        141  the reader of a pipe ended
`,
  params: `Params
  k=v          read as the schema says; without a schema as JSON if it parses, else as text
  k:=JSON      read as JSON, whatever the schema says: layers:='[64, 32]'
  k=@file      the text of a file; a file that ends in .json is read as JSON
  a.b=v        b of the dependency under the role a, or of the plain object a
  k=1,2,3      three values: an axis (unless the schema says that k is a text)
  k=a k=b      two values, whatever they are
  k=1..5       1, 2, 3, 4, 5
  k=linear(0,1,11)          eleven numbers at even distances
  k=logarithmic(1,1000,4)   four numbers with even ratios
  --params FILE             a params tree as JSON; k=v changes it
  --from ARTIFACT           the params of an artifact; k=v changes them
Several axes make a grid.
`,
  artifacts: `Artifacts
  3f9a1c2e             the first digits of an address, at least four
  estimator/3f9a       after its name and a slash: only that folder is read
  estimator@latest     the newest one of a name
  estimator@paper      the one that persistable tag gave this tag
  'estimator{zThreshold=2,points.n=100}'   the only one with these params
`,
  queries: `Queries
  Terms, all of which must hold:
  name         artifacts of this name
  k=v  k>v  k>=v  k<v  k<=v    by a parameter, or a field: created, size, took, state, format
  k~text       it contains the text
  k?           it has the parameter
  -k=v         not so
  created>-2d  of the last two days        size>1MB        state=failed
  Quote what a shell would read itself: 'zThreshold>1'. docs/catalog.md has all of it.
`,
  json: `JSON
  --json prints one object, {"persistable":1,"kind":…}, and run prints one event a line.
  Errors are one object on standard error: {"persistable":1,"kind":"error","code","message","hint","exit"}.
  Values that JSON lacks are tagged as in records: {"$number":"NaN"}, {"$date":"…"}.
  Fields may be added, never changed; spec/command-json.schema.json describes each kind.
`,
};
