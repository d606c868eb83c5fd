// Prompts of one artist, where their policy lets admins read them: each look says why.

import { find, onSubmit, open } from "../people/page.js";
import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { ago, count } from "../studio/words.js";

const form = find("form.say");
const older = find(".older");
let asked;

async function look() {
  const { policy, artists } = await get("/backstage/prompts/list");
  const open = artists.filter(({ may }) => may);
  const closed = artists.length - open.length;
  say(find(".rule"), [`To testers the policy in force says: ${policy}`, closed && `Kept from you: ${closed} of ${count(artists.length, "artist")}.`].filter(Boolean).join(" "));
  form.elements.artist.replaceChildren(...open.map(({ id, name }) => h("option", { value: id }, name)));
  form.hidden = !open.length;
  if (!open.length) find(".found").replaceChildren(h("p", { class: "nothing" }, "There is nobody whose prompts you may read."));
}

async function read(before) {
  const { prompts, more, now } = await post("/backstage/prompts", { ...asked, before });
  const papers = prompts.map((row) => paper(row, now));
  if (before) find(".found").append(...papers);
  else find(".found").replaceChildren(...(papers.length ? papers : [h("p", { class: "nothing" }, "No prompt of theirs is kept.")]));
  older.hidden = !more;
  older.onclick = () => read(prompts.at(-1).id);
  say(find(".announcer"), `${count(prompts.length, "prompt")} shown. The look stands in the audit log.`);
}

function paper({ id, asked_at, state, prompt, scenes, leaves_out }, now) {
  const shown = scenes.length ? h("ol", {}, ...scenes.map((scene) => h("li", {}, scene))) : h("p", {}, prompt);
  return h(
    "article",
    { class: "paper", "data-clip": id },
    shown,
    leaves_out && h("p", { class: "said" }, `Without: ${leaves_out}`),
    h("p", { class: "soft" }, `${ago(asked_at, now)} · ${state} · clip `, h("code", {}, id)),
  );
}

onSubmit(form, async ({ artist, why }) => {
  asked = { artist: artist.value, why: why.value };
  await read();
});
form.elements.artist.addEventListener("change", () => {
  find(".found").replaceChildren();
  older.hidden = true;
});
await open(look);
