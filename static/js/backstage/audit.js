// The audit log: newest rows first, filtered, with a verdict on the whole of it.

import { accountMenu, themeMenu, wordmark } from "../studio/bar.js";
import { h, say } from "../studio/dom.js";
import { get } from "../studio/server.js";
import { ago } from "../studio/words.js";

const find = (selector) => document.querySelector(selector);
const filters = find(".filters");
const WHOLE = { operator: "Command line", system: "Greenroom itself" };
const KINDS = ["audit", "call", "clip", "cohort", "device", "everybody", "identity", "incident", "invite", "job", "mark", "passkey", "prompt", "review", "share", "sign_in", "signal", "tester", "token", "waitlist"];
let rows = [];

async function look(before) {
  const asked = new URLSearchParams(new FormData(filters));
  if (before) asked.set("before", before);
  try {
    const found = await get(`/backstage/audit/entries?${asked}`);
    rows = before ? [...rows, ...found.entries] : found.entries;
    nameActors(found.names);
    find(".entries").replaceChildren(table(found));
    find(".older").hidden = !found.more;
    find(".banner").hidden = true;
  } catch (problem) {
    if (problem.status === 401) location.assign("/sign-in");
    find(".banner").replaceChildren(problem.message);
    find(".banner").hidden = false;
  }
}

function nameActors(names) {
  const { actor } = filters.elements;
  const known = new Set([...actor.options].map((option) => option.value));
  for (const [id, name] of Object.entries(names)) {
    if (!known.has(`tester:${id}`)) actor.append(h("option", { value: `tester:${id}` }, name));
  }
}

function table({ names, now }) {
  if (!rows.length) return h("p", { class: "nothing" }, "No row of the log fits this.");
  const headings = ["Row", "When", "Who", "What", "To", "Reason and details"];
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...headings.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...rows.map((row) => entry(row, names, now))),
  );
}

function entry(row, names, now) {
  return h(
    "tr",
    { "data-row": row.seq },
    h("td", { class: "soft" }, String(row.seq)),
    h("td", { class: "soft", title: row.at }, ago(row.at_ms, now)),
    h("td", {}, named(row.actor, names)),
    h("td", {}, row.action),
    h("td", {}, named(row.subject, names)),
    h("td", { class: "reason" }, row.reason, row.details !== "{}" && h("div", { class: "details" }, row.details)),
  );
}

/** A tester by name, anything else by its kind and id. */
function named(whom, names) {
  const [kind, id] = whom.split(/:(.*)/s);
  if (WHOLE[whom]) return WHOLE[whom];
  if (kind === "tester" && names[id]) return names[id];
  return id ? h("span", {}, `${kind} `, h("span", { class: "id" }, id.slice(0, 16))) : whom;
}

async function judge() {
  const verdict = find(".verdict");
  say(verdict, "Reading the whole log …");
  try {
    const { bad_seq: bad, sentence } = await get("/backstage/audit/verdict");
    verdict.classList.toggle("broken", bad !== null);
    say(verdict, sentence);
  } catch (problem) {
    say(verdict, problem.message);
  }
}

wordmark(find(".wordmark"));
themeMenu(find(".theme-menu"));
filters.elements.action.append(...KINDS.map((kind) => h("option", { value: kind }, kind.replace("_", " "))));
filters.addEventListener("change", () => look());
filters.addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
find(".older").onclick = () => look(rows.at(-1)?.seq);
accountMenu(find(".account-menu"), await get("/me"));
await look();
await judge();
