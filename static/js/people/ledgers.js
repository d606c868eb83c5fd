// Everybody's ledger: rates, what each tester is owed, paying it, ending disputes.

import { field, question } from "../backstage/dialogs.js";
import { table } from "../backstage/tables.js";
import { choice } from "../showing/fields.js";
import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { creditsTable, ratesLine, sums } from "./credits.js";
import { doing, find, open } from "./page.js";

const KINDS = [["hours", "An hour"], ["report", "A report that is accepted"], ["fix", "A report that led to a fix"], ["review", "A reviewed clip"]];
let shown = null;

async function look() {
  const { testers, totals, rates } = await get("/backstage/ledger/list");
  find(".sums").replaceChildren(...sums(totals));
  say(find(".rates"), ratesLine(rates));
  const rows = testers.map((tester) =>
    h(
      "tr",
      { "data-tester": tester.id },
      h("td", {}, tester.name),
      ...["owed", "paid", "disputed"].map((name) => h("td", {}, tester.totals.map(({ said }) => said[name]).join(", ") || "–")),
      h("td", { class: "end" }, h("button", { type: "button", class: "button", onclick: () => show(tester) }, "Open")),
    ),
  );
  find(".ledgers").replaceChildren(table(["Tester", "Owed", "Paid", "In dispute", ""], rows, "Nobody is here yet."));
  find(".set-rate").disabled = false;
  if (shown) await lookAt(shown);
}

function show(tester) {
  shown = tester;
  return doing(async () => {}, async () => {
    await lookAt(tester);
    find(".one").scrollIntoView({ block: "start" });
  }, `The ledger of ${tester.name}.`);
}

async function lookAt({ id, name }) {
  const { credits, totals } = await get(`/backstage/ledger/${id}/list`);
  const owed = credits.filter((row) => row.state === "owed" && row.currency !== "XXX");
  const file = (kind) => h("a", { class: "button", href: `/backstage/ledger/${id}/statement.${kind}`, download: true }, kind.toUpperCase());
  const payAll = h("button", { type: "button", class: "button primary", onclick: () => pay(name, owed, totals) }, "Write down a payment");
  find(".one").hidden = false;
  say(find("#one-title"), name);
  find(".one .files").replaceChildren(file("csv"), " ", file("pdf"), " ", owed.length ? payAll : "");
  find(".sums-of").replaceChildren(h("div", { class: "sums" }, ...sums(totals)));
  find(".credits").replaceChildren(creditsTable(credits, acts));
}

function acts(row) {
  const button = (words, onclick) => h("button", { type: "button", class: "button", onclick }, words);
  if (row.state === "disputed") return [button("Settle", () => settle(row))];
  return row.state === "owed" ? [button("Dispute", () => dispute(row))] : [];
}

async function pay(name, owed, totals) {
  const amounts = totals.map(({ said }) => said.owed).join(", ");
  const done = await question({
    title: `Paid ${amounts} to ${name}?`,
    text: `${owed.length} rows are written down as paid. Greenroom moves no money itself.`,
    fields: [field("How it was paid. Both of you read it.", { name: "reference", maxlength: 120, autocomplete: "off" })],
    go: "It was paid",
    act: ({ reference }) => post("/backstage/ledger/pay", { credits: owed.map((row) => row.id), reference: reference.value }),
  });
  if (done) await doing(async () => {}, look, `Paid: ${name}.`);
}

async function dispute(row) {
  const done = await question({
    title: "Dispute this row?",
    text: "Its tester reads why.",
    fields: [field("Your words", { name: "words", maxlength: 400, autocomplete: "off" })],
    go: "Dispute",
    act: ({ words }) => post(`/ledger/${row.id}/dispute`, { words: words.value }),
  });
  if (done) await doing(async () => {}, look, "It is in dispute now.");
}

async function settle(row) {
  const outcomes = [["owed", "It is owed"], ["paid", "It was paid"], ["void", "It is void"]];
  const done = await question({
    title: "End the dispute",
    text: row.dispute,
    fields: [choice("How it ends", "outcome", outcomes), field("Why. Its tester reads it.", { name: "words", maxlength: 400, autocomplete: "off" })],
    go: "End it",
    act: ({ outcome, words }) => post(`/backstage/ledger/${row.id}/settle`, { outcome: outcome.value, words: words.value }),
  });
  if (done) await doing(async () => {}, look, "The dispute is over.");
}

async function setRate() {
  const done = await question({
    title: "Set a rate",
    text: "For what comes in from now on. What stands in the ledger keeps its own.",
    fields: [
      choice("For", "kind", KINDS),
      field("Amount in minor units, such as cents", { name: "amount", type: "number", min: 0 }),
      field("Currency, such as EUR", { name: "currency", maxlength: 3, autocomplete: "off" }),
    ],
    go: "Set",
    act: ({ kind, amount, currency }) => post("/backstage/ledger/rates", { kind: kind.value, amount: amount.value ? Number(amount.value) : null, currency: currency.value.toUpperCase() }),
  });
  if (done) await doing(async () => {}, look, "The rate is set.");
}

find(".set-rate").onclick = setRate;
await open(look);
