// The words a model knows, told apart by the same rule as sora_core/sprout/words.py.

// Letters, digits and their marks, joined by hyphens and apostrophes; or a sign, such as an emoji.
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:[-'][\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*|[\p{So}\p{Cn}]\p{M}*/gu;
const ENDINGS = ["s", "es", "'s"];

export class Vocabulary {
  constructor(words) {
    this.words = new Set(words);
  }

  /** The words of `text` that are not known, each once, in order. */
  unknown(text) {
    const strange = split(text).map((word) => this.knownForm(word)).filter((word) => !this.knows(word));
    return [...new Set(strange)];
  }

  /** A plural is brought to a known singular. */
  knownForm(word) {
    if (this.words.has(word)) return word;
    const singulars = ENDINGS.filter((ending) => word.endsWith(ending)).map((ending) => word.slice(0, -ending.length));
    return singulars.find((singular) => this.words.has(singular)) ?? word;
  }

  /** A word with hyphens that is not known as a whole is read part by part. */
  knows(word) {
    return this.words.has(word) || word.split("-").every((part) => this.words.has(part));
  }
}

function split(text) {
  const plain = text.normalize("NFKC").toLowerCase().replaceAll("’", "'").replace(/\p{Cf}/gu, "");
  return plain.match(WORD) ?? [];
}
