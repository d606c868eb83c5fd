// What the pages have in common: the bar, trouble in sight, looking anew.

import { accountMenu, themeMenu, wordmark } from "../studio/bar.js";
import { h, say } from "../studio/dom.js";
import { get } from "../studio/server.js";

const ROOMS = [
  ["/backstage", "Backstage"],
  ["/backstage/policy", "Policy"],
  ["/backstage/reviews", "Reviews"],
  ["/backstage/calls", "Calls"],
  ["/backstage/feedback", "Feedback"],
  ["/backstage/ledger", "Ledger"],
  ["/backstage/prompts", "Prompts"],
  ["/backstage/trace", "Trace"],
  ["/backstage/audit", "Audit log"],
];

export const find = (selector) => document.querySelector(selector);

/** Draw the bar, then what `look` draws; whatever goes wrong is said in the banner. */
export async function open(look) {
  wordmark(find(".wordmark"));
  themeMenu(find(".theme-menu"));
  rooms(find(".rooms"));
  try {
    accountMenu(find(".account-menu"), await get("/me"));
    await look();
  } catch (problem) {
    if (problem.status === 401) location.assign("/sign-in");
    tell(problem);
  }
}

/** Ways between the rooms backstage, where the page has a place for them. */
export function rooms(root) {
  const link = ([path, words]) => h("a", { class: "button quiet", href: path, "aria-current": path === location.pathname && "page" }, words);
  root?.replaceChildren(...ROOMS.map(link));
}

export function tell(problem) {
  find(".banner").replaceChildren(problem.message);
  find(".banner").hidden = false;
}

/** What a question led to: `sentence` for who hears the page, then `look` anew; nothing without one. */
export async function changed(sentence, look) {
  if (!sentence) return;
  say(find(".announcer"), sentence);
  await look();
}

/** `act`, then `look` anew and `sentence` for who hears the page; a refusal stands in the banner. */
export async function doing(act, look, sentence) {
  try {
    await act();
    find(".banner").hidden = true;
    await look();
    say(find(".announcer"), sentence);
  } catch (problem) {
    tell(problem);
  }
}

/** A form of the page: `act(elements)` on submit, its refusal beside its button. */
export function onSubmit(form, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    const wrong = form.querySelector(".wrong");
    button.disabled = true;
    say(wrong, "");
    try {
      await act(form.elements);
    } catch (problem) {
      say(wrong, problem.message);
      form.elements[problem.field]?.focus();
    } finally {
      button.disabled = false;
    }
  });
}

/** A state in words, with its dot. */
export function state(name, words) {
  return h("span", { class: `state ${name}` }, words);
}
