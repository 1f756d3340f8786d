/** A question in everyday words, and what a passage says that answers it. */
export interface Judgment {
  readonly question: string;
  /**
   * Every passage that this matches answers the question, and no other does; see the README for how
   * that was judged.
   */
  readonly answer: RegExp;
}

/**
 * Increased when a question or an answer is changed: results of earlier ones are not comparable.
 */
export const JUDGMENTS_VERSION = 2;

export const judgments: readonly Judgment[] = [
  { question: "Can it run an atomic power plant?", answer: /nuclear/i },
  { question: "May the army use it?", answer: /\bmilitary (?!insignia)|\bweapons?\b/i },
  {
    question: "What if somebody sues over patents?",
    answer:
      /patent (litigation|infringement (claim|action|suit|litigation)|claim against|action)|institutes? (any )?patent/i,
  },
  { question: "Is it allowed to do evil with it?", answer: /used for good,? not evil|\bevil\b/i },
  {
    question: "May I sell fonts alone?",
    answer: /(font|typeface)s?[^.]{0,80}(not be sold|may be sold|be sold) by itself|be sold by itself/i,
  },
  { question: "May I use the name of the font for a changed one?", answer: /reserved font name/i },
  {
    question: "Whose courts decide in a quarrel?",
    answer:
      /exclusive(ly)? (personal )?(jurisdiction|venue)|may be brought only in|courts having jurisdiction|submits? to the[^.]{0,40}jurisdiction/i,
  },
  {
    question: "Must I show the source of a web service to its visitors?",
    answer:
      /interact(ing)? with it remotely|remotely through a computer network|remote network interaction|over a network[^.]{0,80}source/i,
  },
  {
    question: "May I send it to a country under embargo?",
    answer:
      /export (control|laws?\b|regulation|restriction|administration)|import\/export|license from the United States Government/i,
  },
  {
    question: "Can I charge for a guarantee of my own?",
    answer: /(offer|charge a fee for)[^.]{0,80}warranty|warranty[^.]{0,60}(for a fee|in exchange for a fee)/i,
  },
  {
    question: "May I put the company's logo on my product?",
    answer:
      /\bno (right|license|permission|trademark license)[^.]{0,80}(trademark|logo|service mark)|not (grant|imply)[^.]{0,80}(trademark|trade name|service mark|logo)/i,
  },
  {
    question: "Do I owe them my improvements?",
    answer: /make[^.]{0,60}modifications[^.]{0,20}publicly available|contribute[^.]{0,40}back|grant[- ]?back/i,
  },
  {
    question: "May I mix it with code under the GNU license?",
    answer: /(link or combine|combined? (work )?with)[^.]{0,120}(gpl|general public license)/i,
  },
  {
    question: "What happens when I break the rules and mend that soon?",
    answer:
      /(reinstated|cure(d)? (such|the) (breach|violation|default|non-?compliance)|within (30|thirty) days (of|after) (becoming aware|receipt|notice|your receipt))/i,
  },
  {
    question: "Did the authors give up all their rights?",
    answer: /\b(is|in|into|to) (fully in )?the public domain\b(?![^.]{0,40}modif)/i,
  },
  {
    question: "May I make money with the pictures and songs?",
    answer: /(primarily intended for|directed toward)[^.]{0,60}commercial advantage/i,
  },
  { question: "Must I copy the text of the manual word for word?", answer: /invariant sections?/i },
  { question: "What do I print on the cover of a book?", answer: /(front|back)-cover texts?|cover texts?/i },
  {
    question: "Does a judge's finding make everything void?",
    answer: /(held|deemed|found)[^.]{0,60}(unenforceable|invalid)/i,
  },
  {
    question: "Can they change the conditions later?",
    answer: /may[^.]{0,30} (publish|issue) (revised|new|different)/i,
  },
  { question: "Should I say who wrote it in advertisements?", answer: /advertising materials?/i },
  {
    question: "Where do I note what I changed?",
    answer:
      /(prominent|conspicuous)(ly)? (notice|mark|marking)s? (stating|that you|of|indicating)[^.]{0,60}(chang|modif)/i,
  },
  { question: "May I take it apart to learn how it works?", answer: /reverse[- ]engineer|decompil|disassembl/i },
  {
    question: "Is it fit for keeping people alive?",
    answer: /life[- ]?support|medical application|nuclear facilities/i,
  },
  { question: "How does a committee agree on a standard?", answer: /working group/i },
  {
    question: "What may American authorities do with it?",
    answer: /u\.?s\.? government (restricted|end users?|users?|rights|agenc)|dfars|commercial computer software/i,
  },
  {
    question: "May I train a machine with the data?",
    answer: /machine learning|artificial intelligence|\btrain(ing|ed)?\b[^.]{0,60}(model|data)|computational use/i,
  },
  {
    question: "May a rival offer it as a hosted service?",
    answer: /(hosted|managed)( or managed)? service|competing (use|product|service)/i,
  },
  {
    question: "When does it become free of charge for everybody?",
    answer: /change (date|license)|second anniversary/i,
  },
  {
    question: "Does it count who links to the library?",
    answer: /works? that uses? the library|linked? with the library|linking[^.]{0,40}library/i,
  },
  { question: "May I lend my copy to a friend?", answer: /\b(lend|lease|loan)\b/i },
  { question: "Must human rights be respected?", answer: /human rights/i },
  {
    question: "Which language counts when a text was put into another one?",
    answer:
      /english (version|language|text)[^.]{0,80}(prevail|control|govern|authentic)|translat[^.]{0,80}(prevail|official|binding)/i,
  },
  { question: "May I lock the copies against copying?", answer: /technological (protection )?measures?/i },
  {
    question: "For how long must buyers be able to ask for the code?",
    answer: /(at least|period of|minimum for a) three[^.]{0,10}years?/i,
  },
  {
    question: "I am ashamed of what they made from my picture: can my name go?",
    answer: /upon notice from (any|a) licensor/i,
  },
  { question: "Who pays when my customer takes the developer to court?", answer: /indemnif/i },
  { question: "Who answers for lost files?", answer: /loss of data/i },
  { question: "Can I put the song under my film?", answer: /timed-relation with a moving image/i },
  { question: "May I quote a little of it, as the law allows everybody?", answer: /fair use|fair dealing/i },
  { question: "Can we settle it without a judge?", answer: /arbitrat/i },
  {
    question: "Do I pay a society each time the song is played?",
    answer: /royalties[^.]{0,80}(compulsory|statutory)|collecting society/i,
  },
  { question: "Will it give my computer a disease?", answer: /\b(virus|viruses|trojan horses)\b/i },
];
