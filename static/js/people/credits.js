// The rows of a ledger as both sides read them, and their sums.

import { table } from "../backstage/tables.js";
import { h } from "../studio/dom.js";
import { state } from "./page.js";

const KINDS = { hours: "Hours", report: "Report, accepted", fix: "Report, led to a fix", review: "Clip, reviewed" };
const STATES = { owed: "Owed", paid: "Paid", disputed: "In dispute", void: "Void" };
const EACH = { hours: "an hour", report: "a report that is accepted", fix: "a report that led to a fix", review: "a reviewed clip" };

export function sums(totals) {
  if (!totals.length) return [h("p", { class: "aside" }, "Nothing is owed, and nothing was paid.")];
  return totals.flatMap(({ said }) => ["owed", "paid", "disputed"].map((name) => h("div", { class: `sum ${name}` }, STATES[name], h("b", {}, said[name]))));
}

export function ratesLine(rates) {
  if (!rates.length) return "No rate is set yet. What comes in now gets the first one.";
  return `${rates.map(({ kind, said }) => `${said} for ${EACH[kind]}`).join(", ")}.`;
}

/** `acts(row)` gives the buttons of a row. */
export function creditsTable(credits, acts) {
  const rows = credits.map((row) =>
    h(
      "tr",
      { "data-credit": row.id },
      h("td", { class: "minor" }, row.day),
      h("td", { class: "wraps" }, KINDS[row.kind], h("span", { class: "under day" }, row.day), row.minutes && h("span", { class: "under" }, worked(row)), row.words && h("span", { class: "under" }, row.words)),
      h("td", { class: "amount" }, row.said),
      h("td", { class: "wraps" }, state(row.state, STATES[row.state]), h("span", { class: "under" }, [row.paid_ref, row.dispute].filter(Boolean).join("; "))),
      h("td", { class: "end" }, ...acts(row)),
    ),
  );
  return table(["~Day", "What", "Amount", "State", ""], rows, "Nothing stands here yet.");
}

function worked({ minutes, measured }) {
  const hours = Math.floor(minutes / 60);
  const said = hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  return `${said}, ${measured ? "measured" : "declared"}`;
}
