// Words of the prompt that the model does not know, told while one types. Nothing is sent for it.

import { say } from "./dom.js";
import { Vocabulary } from "./vocabulary.js";

const SOON_MS = 250;
const PAUSE_MS = 1200; // after which also the word that was being typed is one
const TYPED = /[\p{L}\p{N}\p{M}'’-]*$/u;
const GOES_ON = /^[\p{L}\p{N}\p{M}'’-]+/u;

export class StrangeWords {
  /** `line` tells of the fields of `scenes`; it stays hidden for a model that takes any word. */
  constructor(line, scenes, { title, known_words: words }) {
    line.hidden = !words;
    if (!words) return;
    this.line = line;
    this.scenes = scenes;
    this.title = title;
    this.vocabulary = new Vocabulary(words);
    this.heard = "";
    scenes.root.addEventListener("input", ({ isComposing }) => this.hear(isComposing));
    scenes.root.addEventListener("compositionend", () => this.hear());
  }

  /** The prompt may have changed; `unfinished`: a method of input still puts a word together. */
  hear(unfinished = false) {
    if (!this.line) return;
    const heard = this.scenes.texts.join("\n");
    if (heard === this.heard) return;
    clearTimeout(this.soon);
    clearTimeout(this.pause);
    this.heard = unfinished ? null : heard;
    if (unfinished) return;
    this.soon = setTimeout(() => this.tell(this.scenes.fields.map(withoutTyped)), SOON_MS);
    this.pause = setTimeout(() => this.tell(this.scenes.texts), PAUSE_MS);
  }

  tell(texts) {
    const unknown = this.vocabulary.unknown(texts.join("\n"));
    const sentence = unknown.length ? `${this.title} does not know: ${unknown.join(", ")}` : "";
    say(this.line, sentence);
    this.line.title = sentence;
  }
}

/** The text of a field, less the word that is being typed in it. */
function withoutTyped(field) {
  const { value, selectionEnd: caret } = field;
  const [typed] = value.slice(0, caret).match(TYPED);
  if (field !== document.activeElement || !typed) return value;
  return value.slice(0, caret - typed.length) + value.slice(caret).replace(GOES_ON, "");
}
