// A tester's own ledger: what is owed, adding hours, saying that something is wrong.

import { field, question } from "../backstage/dialogs.js";
import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { creditsTable, ratesLine, sums } from "./credits.js";
import { doing, find, onSubmit, open } from "./page.js";

const form = find(".say");

async function look() {
  const { totals, rates, credits, today } = await get("/ledger/list");
  find(".sums").replaceChildren(...sums(totals));
  say(find(".rates"), ratesLine(rates));
  find(".credits").replaceChildren(creditsTable(credits, acts));
  const { day } = form.elements;
  day.max = today;
  day.value ||= today;
}

function acts(row) {
  if (!["owed", "paid"].includes(row.state)) return [];
  return [h("button", { type: "button", class: "button", onclick: () => dispute(row) }, "This is wrong")];
}

async function dispute(row) {
  const done = await question({
    title: "What is wrong with it?",
    text: "An admin reads it and answers. Until then it counts as in dispute.",
    fields: [field("Your words", { name: "words", maxlength: 400, autocomplete: "off" })],
    go: "Dispute",
    act: ({ words }) => post(`/ledger/${row.id}/dispute`, { words: words.value }),
  });
  if (done) await doing(async () => {}, look, "It is in dispute now.");
}

async function add(minutes) {
  const { day, words } = form.elements;
  await post("/ledger/hours", { day: day.value, minutes, words: words.value });
  form.elements.hours.value = form.elements.minutes.value = words.value = "";
  await look();
  say(find(".announcer"), "The day's work stands in your ledger.");
}

onSubmit(form, ({ hours, minutes }) => add(60 * Number(hours.value || 0) + Number(minutes.value || 0)));
find(".measured").onclick = async () => {
  try {
    say(find(".say .wrong"), "");
    await add(null);
  } catch (problem) {
    say(find(".say .wrong"), problem.message);
  }
};
await open(look);
