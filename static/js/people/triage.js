// What testers sent, answered one by one.

import { question } from "../backstage/dialogs.js";
import { area } from "../showing/fields.js";
import { h } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { ago } from "../studio/words.js";
import { doing, find, open } from "./page.js";

const filters = find(".filters");
const KINDS = { bug: "Bug", harm: "Harm", note: "Note" };
const ACTS = { accepted: "Accept", fixed: "Fixed", declined: "Decline" };
const FROM = { new: ["accepted", "fixed", "declined"], accepted: ["fixed", "declined"], declined: ["accepted"], fixed: [] };

async function look() {
  const { feedback, now } = await get(`/backstage/feedback/list?${new URLSearchParams(new FormData(filters))}`);
  const cases = feedback.map((row) => paper(row, now));
  find(".cases").replaceChildren(...(cases.length ? cases : [h("p", { class: "aside" }, "Nothing stands here.")]));
}

function paper(row, now) {
  const acts = row.own ? [h("p", { class: "soft" }, "This is your own: somebody else answers it.")] : FROM[row.state].map((to) => button(row, to));
  return h(
    "article",
    { class: "paper", "data-feedback": row.id },
    h("h3", {}, `${KINDS[row.kind]}, from ${row.who}`),
    h("p", {}, row.words),
    h("p", { class: "soft" }, `${ago(row.created_at, now)}${row.clip ? " · about a clip" : ""}`),
    row.settings && h("details", {}, h("summary", {}, "Settings they sent along"), h("code", {}, JSON.stringify(row.settings))),
    row.answer && h("p", { class: "said" }, row.answer),
    h("div", { class: "acts" }, ...acts),
  );
}

function button(row, to) {
  const kind = to === "declined" ? " danger" : "";
  return h("button", { type: "button", class: `button${kind}`, onclick: () => answer(row, to) }, ACTS[to]);
}

async function answer(row, to) {
  const reason = to === "declined" ? "Why. They read it." : "What you say to them; may be empty";
  const done = await question({
    title: `${ACTS[to]}?`,
    text: `“${row.words.slice(0, 160)}”`,
    fields: [area(reason, { name: "answer", maxlength: 1000 })],
    go: ACTS[to],
    danger: to === "declined",
    act: ({ answer: words }) => post(`/backstage/feedback/${row.id}/decide`, { state: to, answer: words.value }),
  });
  if (done) await doing(async () => {}, look, `${ACTS[to]}: done.`);
}

filters.addEventListener("change", () => doing(async () => {}, look, "Filtered."));
await open(look);
