// The policy: every version in words; for testers what waits for their answer.

import { accountMenu, themeMenu, wordmark } from "../studio/bar.js";
import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { ago } from "../studio/words.js";
import { find, tell } from "./page.js";

async function look() {
  const { versions, limits, now } = await get("/policy/versions");
  find(".versions").replaceChildren(...versions.map((version, at) => paper(version, now, at === 0)));
  const rows = limits.map(([what, much]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, much)));
  find(".limits").replaceChildren(h("table", {}, h("tbody", {}, ...rows)));
}

function paper({ number, sentences, words, announced_at: at }, now, isNewest) {
  const when = number ? `Announced ${ago(at, now)}` : "From the beginning";
  return h(
    "article",
    { class: "paper", "data-version": number },
    h("h3", {}, isNewest ? `In force: version ${number}` : `Version ${number}`),
    h("p", { class: "soft" }, when),
    words && h("p", { class: "said" }, words),
    h("ul", {}, ...sentences.map((sentence) => h("li", {}, sentence))),
  );
}

/** What this tester is asked; strangers read on without. */
async function lookAtMine() {
  const { awaits, lost } = await get("/policy/mine");
  if (!awaits) {
    find(".mine").replaceChildren();
    return;
  }
  const accept = h("button", { type: "button", class: "button primary", onclick: () => agree(awaits.number) }, "I agree");
  find(".mine").replaceChildren(
    h(
      "article",
      { class: "paper asks" },
      h("h3", {}, `Version ${awaits.number} takes something from you`),
      h("p", { class: "said" }, awaits.words),
      h("ul", {}, ...lost.map((sentence) => h("li", {}, sentence))),
      h("p", {}, "Until you agree, what you have stays under the version you have, and new clips wait. You need not: your clips and your data are yours to take along."),
      h("div", { class: "acts" }, accept, h("a", { class: "button", href: "/data" }, "My data")),
    ),
  );
}

async function agree(number) {
  try {
    await post("/policy/accept", { number });
    await lookAtMine();
    say(find(".announcer"), "You agreed. New clips go on.");
  } catch (problem) {
    tell(problem);
  }
}

wordmark(find(".wordmark"));
themeMenu(find(".theme-menu"));
try {
  await look();
} catch (problem) {
  tell(problem);
}
try {
  accountMenu(find(".account-menu"), await get("/me"));
  await lookAtMine();
} catch (problem) {
  if (problem.status !== 401) tell(problem); // a stranger has nothing to answer
}
