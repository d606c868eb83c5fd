// Refused prompts and pictures whose artists asked for a person.

import { question } from "./dialogs.js";
import { area } from "../showing/fields.js";
import { refusalCard } from "../showing/refusals.js";
import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { count } from "../studio/words.js";

const find = (selector) => document.querySelector(selector);

export async function lookAtAppeals() {
  const { refusals, counts, now } = await get("/backstage/refusals");
  const nothing = h("p", { class: "nothing" }, "No appeal waits.");
  find(".refusals").replaceChildren(...(refusals.length ? refusals.map((refusal) => refusalCard(refusal, now, ...acts(refusal))) : [nothing]));
  const met = Object.entries(counts).map(([rule, states]) => `${rule.replaceAll("_", " ")} ${Object.values(states).reduce((sum, n) => sum + n, 0)}`);
  say(find(".rules-met"), met.length ? `Met within 30 days: ${met.join(", ")}.` : "No rule was met within 30 days.");
}

function acts(refusal) {
  if (refusal.own) return [h("p", { class: "barred" }, "This is your own: somebody else decides it.")];
  const act = (label, verdict, kind = "") => h("button", { type: "button", class: `button ${kind}`, onclick: () => decide(refusal, verdict, label) }, label);
  return [act("Let it pass", "allowed", "primary"), act("Uphold", "upheld", "danger")];
}

async function decide({ id, who }, verdict, label) {
  const done = await question({
    title: `${label}?`,
    text: `${who} reads your words.`,
    fields: [area("Your words", { name: "words", maxlength: 1000 })],
    go: label,
    danger: verdict === "upheld",
    act: ({ words }) => post(`/backstage/refusals/${id}/decide`, { verdict, words: words.value }),
  });
  if (!done) return;
  say(find(".announcer"), `${count(1, "appeal")} decided.`);
  await lookAtAppeals();
}
