// One's own prompts and pictures that met a rule: which, why, and what a person said on the appeal.

import { question } from "../backstage/dialogs.js";
import { h } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { ago, capital } from "../studio/words.js";
import { area } from "./fields.js";

const find = (selector) => document.querySelector(selector);

export async function lookAtRefusals() {
  const { refusals, now } = await get("/refusals");
  find(".refused").hidden = !refusals.length;
  find(".refusals").replaceChildren(...refusals.map((refusal) => refusalCard(refusal, now, appealButton(refusal))));
}

const WHAT = { picture: "A picture to begin with", film: "A film to begin with" };

/** What was refused, with what became of it; `acts` stand below. */
export function refusalCard(refusal, now, ...acts) {
  const { kind, picture, rule, reason, state, plea, words, by, created_at: at, decided_at: decided } = refusal;
  const text = WHAT[kind] ?? refusal.text;
  const became = { refused: "Refused", appealed: "Appealed: a person looks at it", upheld: `Upheld by ${by} ${decided ? ago(decided, now) : ""}`, allowed: `Allowed by ${by}: ask for it again and it is drawn` }[state];
  return h(
    "article",
    { class: `shown-clip${kind === "prompt" ? "" : " pictured"}`, "data-refusal": refusal.id },
    kind !== "prompt" && (picture ? h("img", { src: picture, alt: kind === "film" ? "The moment of the film that was refused" : "The picture" }) : h("p", { class: "soft" }, "The picture is gone.")),
    h(
      "div",
      {},
      h("h3", {}, refusal.who ? `${refusal.who}: ${text}` : text),
      h("p", {}, h("span", { class: `state ${state}` }, `${capital(became)} · rule ${rule.replaceAll("_", " ")}, ${ago(at, now)}`)),
      h("p", { class: "soft" }, reason),
      plea && h("p", { class: "said" }, plea),
      words && h("p", { class: "said" }, words),
      h("div", { class: "acts" }, ...acts.filter(Boolean)),
    ),
  );
}

function appealButton(refusal) {
  if (refusal.state !== "refused") return null;
  return h("button", { type: "button", class: "button", onclick: () => appeal(refusal) }, "Appeal");
}

async function appeal({ id, kind }) {
  const done = await question({
    title: "Appeal to a person?",
    text: `A reviewer ${kind === "prompt" ? "reads this prompt" : "sees this picture"} and your words, and lets it pass or says why not.`,
    fields: [area("Why it should be drawn", { name: "plea", maxlength: 1000 })],
    go: "Appeal",
    act: ({ plea }) => post(`/refusals/${id}/appeal`, { plea: plea.value }),
  });
  if (done) await lookAtRefusals();
}
