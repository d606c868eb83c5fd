// What an empty studio teaches: three prompts to start from.

import { h } from "./dom.js";

const ROWS = [
  { prompt: "A red ball bouncing in a snowy forest", hint: "Weather and place" },
  { prompt: "A tiny robot spinning in the city, slow zoom in", style: "neon", hint: "Neon style, a camera move" },
  { prompt: "A yellow fish floating underwater", style: "sketch", hint: "Drawn as a sketch" },
];

export function examples(root, onTake) {
  const cards = ROWS.map((row) =>
    h("li", {}, h("button", { type: "button", onclick: () => onTake(row) }, row.prompt, h("small", {}, row.hint))),
  );
  root.replaceChildren(h("p", {}, "Start from one of these, then change a word."), h("ul", {}, ...cards));
}
