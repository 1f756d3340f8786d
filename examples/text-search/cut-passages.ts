/**
 * A piece of prose of about a hundred words, and the ids of all licenses in which it stands word
 * for word.
 */
export interface Passage {
  readonly licenses: readonly string[];
  readonly text: string;
}

/** The fields that the package has for one license. */
export interface LicenseText {
  readonly licenseText: string;
}

const NOT_A_WORD = /[^\p{L}\p{N}]+/gu;

/**
 * Cuts texts into passages. Licenses quote each other at length, so that a passage that stands in
 * many of them is kept once.
 */
export function cutPassages(
  licenses: readonly (readonly [id: string, license: LicenseText])[],
  passageWords: number,
): Passage[] {
  const passages = new Map<string, { licenses: string[]; text: string }>();
  for (const [license, { licenseText }] of licenses) {
    for (const text of cutText(licenseText, passageWords)) {
      const wording = text.toLowerCase().replace(NOT_A_WORD, " ").trim();
      const known = passages.get(wording);
      if (known === undefined) passages.set(wording, { licenses: [license], text });
      else if (known.licenses.at(-1) !== license) known.licenses.push(license);
    }
  }
  passages.delete("");
  return [...passages.values()];
}

/**
 * Whole sentences, as many as it takes to reach the number of words; a long paragraph ends a
 * passage early.
 */
function cutText(text: string, passageWords: number): string[] {
  const passages: string[] = [];
  let sentences: string[] = [];
  let words = 0;
  const finish = (): void => {
    if (sentences.length > 0) passages.push(sentences.join(" "));
    sentences = [];
    words = 0;
  };
  for (const paragraph of text.split(/\n\s*\n/)) {
    for (const sentence of paragraph.split(/(?<=[.;:?!])\s+/)) {
      const tidy = sentence.replaceAll(/\s+/g, " ").trim();
      if (tidy === "") continue;
      sentences.push(tidy);
      words += tidy.split(" ").length;
      if (words >= passageWords) finish();
    }
    if (words >= passageWords / 2) finish();
  }
  finish();
  return passages;
}
