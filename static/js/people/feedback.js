// Saying something, and reading what became of it.

import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { ago, quoted } from "../studio/words.js";
import { find, onSubmit, open, state } from "./page.js";

const form = find(".say");
const STATES = { new: "Nobody has answered yet", accepted: "Accepted", fixed: "Fixed", declined: "Declined" };
export const KINDS = { bug: "Bug", harm: "Harm", note: "Note", rating: "Rating" };
let prompts = {};

async function look() {
  const { feedback, now } = await get("/feedback/list");
  const sent = feedback.map((row) => paper(row, now));
  find(".sent").replaceChildren(...(sent.length ? sent : [h("p", { class: "aside" }, "Nothing yet.")]));
}

function paper(row, now) {
  const about = row.clip ? ` of ${quoted(prompts[row.clip] ?? "a clip", 60)}` : "";
  return h(
    "article",
    { class: "paper", "data-feedback": row.id },
    h("h3", {}, `${KINDS[row.kind]}${about}${row.rating ? `: ${row.rating} of 5` : ""}`),
    row.words && h("p", {}, row.words),
    h("p", { class: "soft" }, `${ago(row.created_at, now)}${row.settings ? " · with the clip's settings" : ""}`),
    row.kind === "rating" ? "" : h("p", {}, state(row.state, STATES[row.state])),
    row.answer && h("p", { class: "said" }, row.answer),
  );
}

async function offerClips() {
  const { jobs } = await get("/jobs");
  const finished = jobs.filter((job) => job.state === "finished");
  prompts = Object.fromEntries(finished.map((job) => [job.id, job.spec.prompt]));
  form.elements.clip_id.append(...finished.map((job) => h("option", { value: job.id }, quoted(job.spec.prompt, 60))));
  const wanted = location.hash.slice(1);
  if (prompts[wanted]) form.elements.clip_id.value = wanted;
  arrange();
}

function arrange() {
  const { kind, clip_id: clip } = form.elements;
  find(".rating").hidden = kind.value !== "rating";
  find(".attach").hidden = !clip.value || kind.value === "rating";
}

form.addEventListener("change", arrange);
onSubmit(form, async ({ kind, clip_id: clip, rating, words, attach }) => {
  const isRating = kind.value === "rating";
  await post("/feedback", {
    kind: kind.value,
    clip_id: clip.value || null,
    rating: isRating ? Number(rating.value) : null,
    words: words.value,
    attach: attach.checked && !isRating,
  });
  words.value = "";
  attach.checked = false;
  await look();
  say(find(".announcer"), "Sent. Thank you.");
});
await open(async () => {
  await offerClips();
  await look();
});
