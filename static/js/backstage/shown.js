// What hangs in the gallery, taken down with a reason and given back.

import { field, question } from "./dialogs.js";
import { table } from "./tables.js";
import { changed, tell } from "../people/page.js";
import { area, choice } from "../showing/fields.js";
import { h } from "../studio/dom.js";
import { post } from "../studio/server.js";
import { ago } from "../studio/words.js";

/** The table of `desk.shown`; `look` draws the page anew. */
export function shownTable(desk, look) {
  const rows = desk.shown.map((row) =>
    h(
      "tr",
      { "data-shown": row.clip },
      h("td", { class: "wraps" }, row.hangs ? h("a", { href: `/gallery/${row.clip}` }, row.title) : row.title, h("span", { class: "under" }, row.credit)),
      h("td", { class: "wraps" }, row.hangs ? h("span", { class: "state approved" }, "Hangs") : h("span", { class: "state rejected" }, `Taken down: ${row.sentence} ${row.words}`)),
      h("td", { class: "soft minor" }, ago(row.published_at, desk.now)),
      h("td", { class: "end" }, row.hangs ? button("Take down", () => takeDown(desk, look, row.clip), "danger") : button("Restore", () => restore(row, look))),
    ),
  );
  return table(["Title and credit", "State", "~Published", ""], rows, "Nothing hangs in the gallery.");
}

function button(label, onclick, kind = "") {
  return h("button", { type: "button", class: `button ${kind}`, onclick }, label);
}

/** Of a clip that is named, or of one that a link or an address names. */
export async function takeDown({ reasons }, look, clip = "") {
  const done = await question({
    title: "Take down?",
    text: "It leaves the gallery, and every link to it ends, at once. Its artist keeps the clip and reads why.",
    fields: [
      clip ? "" : field("A link to it, or its address in the gallery", { name: "what", autocomplete: "off", spellcheck: "false" }),
      choice("Reason", "reason", Object.entries(reasons)),
      area("Your words", { name: "words", maxlength: 1000 }),
    ],
    go: "Take down",
    danger: true,
    act: ({ what, reason, words }) => post("/backstage/shown/take-down", { what: clip || what.value, reason: reason.value, words: words.value }),
  });
  await changed(done && "The clip was taken down.", look);
}

async function restore(row, look) {
  try {
    await post(`/backstage/shown/${row.clip}/restore`);
    await changed("Its artist may show it again.", look);
  } catch (problem) {
    tell(problem);
  }
}
