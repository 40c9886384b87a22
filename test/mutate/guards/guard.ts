/** What it prevents, the text that is the guard, what stands there without it, whose test must see. */
export type Guard = {
  /** What it guards, as a sentence. */
  guards: string;
  file: string;
  /** Occurs exactly once. */
  find: string;
  replace: string;
  /** Test files that must turn red. */
  tests: readonly string[];
  /** Only tests whose title matches; all of the files otherwise. */
  title?: string;
};
