// Announcing a policy: what it would take away stands beside the button before it is pressed.

import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { find, onSubmit, open, tell } from "./page.js";

const form = find(".say");
let current = null;

/** What is typed before the policy in force is there would be lost when it comes. */
function takeWords(yes) {
  for (const field of form.elements) field.disabled = !yes;
}

async function look() {
  current = (await get("/policy/versions")).versions[0];
  const { sharing, review_hours, keep_days, prompts, marked, open_numbers } = form.elements;
  sharing.value = current.sharing;
  review_hours.value = current.review_hours;
  keep_days.value = current.keep_days ?? "";
  prompts.value = current.prompts;
  marked.value = current.marked;
  open_numbers.checked = current.open_numbers;
  takeWords(true);
  await weigh();
}

function wanted() {
  const { sharing, review_hours, keep_days, prompts, marked, open_numbers } = form.elements;
  return {
    sharing: sharing.value,
    review_hours: Number(review_hours.value),
    keep_days: keep_days.value ? Number(keep_days.value) : null,
    prompts: prompts.value,
    marked: marked.value,
    open_numbers: open_numbers.checked,
  };
}

async function weigh() {
  try {
    const { lost, sentences } = await post("/backstage/policy", { ...wanted(), dry: true });
    const title = lost.length ? "Takes away, and so asks every tester:" : "Takes nothing away: it would hold at once.";
    find(".effect").replaceChildren(
      h("p", {}, h("b", {}, title)),
      lost.length ? h("ul", {}, ...lost.map((sentence) => h("li", {}, sentence))) : "",
      h("p", { class: "soft" }, sentences.join(" ")),
    );
    say(find(".say .wrong"), "");
  } catch (problem) {
    say(find(".say .wrong"), problem.message);
  }
}

takeWords(false);
form.addEventListener("change", weigh);
onSubmit(form, async ({ words }) => {
  const { number } = await post("/backstage/policy", { ...wanted(), words: words.value, after: current.number });
  words.value = "";
  await look();
  say(find(".announcer"), `Version ${number} is in force.`);
  tell({ message: `Version ${number} is announced.` });
});
await open(look);
