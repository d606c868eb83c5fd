// Whether a tester must touch a passkey before they make clips, and what to do when they lost theirs.

import { h } from "../studio/dom.js";
import { post } from "../studio/server.js";
import { count } from "../studio/words.js";
import { field, question } from "./dialogs.js";

const RULES = { default: null, on: true, off: false };

export async function askForTouches(tester, room, changed) {
  const { id, name, step_up: now, passkeys } = tester;
  const number = (said) => ({ type: "number", min: 1, value: said ?? "" });
  const chosen = Object.keys(RULES).find((rule) => RULES[rule] === now);
  const option = (value, text) => h("option", { value, selected: value === chosen }, text);
  const lost = h("input", { type: "checkbox", name: "lost" });
  const done = await question({
    title: `Touches of ${name}`,
    text: `${name} has ${count(passkeys, "passkey")}. Who must touch one makes a few clips after each touch, for a while.`,
    fields: [
      h(
        "label",
        { class: "field" },
        h("span", { class: "label" }, "Must touch a passkey"),
        h(
          "select",
          { name: "rule" },
          option("default", `As their cohort does, or everybody (${room.step_up ? "yes" : "no"})`),
          option("on", "Yes"),
          option("off", "No"),
        ),
      ),
      field("A touch opens how many clips", { name: "clips", max: 1000, placeholder: `${room.touch_clips}, or as their cohort`, ...number(tester.touch_clips) }),
      field("For how many hours", { name: "hours", max: 24, placeholder: `${room.touch_hours}, or as their cohort`, ...number(tester.touch_hours) }),
      passkeys > 0 && h("label", { class: "check" }, lost, " They lost theirs: remove all, so that they can add a new one"),
    ].filter(Boolean),
    go: "Save",
    act: async ({ rule, clips, hours }) => {
      const asked = { needed: RULES[rule.value], clips: read(clips), hours: read(hours) };
      const before = { needed: now, clips: tester.touch_clips, hours: tester.touch_hours };
      const changes = Object.fromEntries(Object.entries(asked).filter(([part, said]) => said !== before[part]));
      if (Object.keys(changes).length) await post(`/backstage/testers/${id}/step-up`, changes);
      if (lost.checked) await post(`/backstage/testers/${id}/passkeys/reset`);
    },
  });
  await changed(done && (lost.checked ? `The passkeys of ${name} were removed.` : `Touches of ${name}: saved.`));
}

/** What stands in a field for a number; null: nothing. */
function read({ value, validity }) {
  if (validity.badInput) return "";
  return value === "" ? null : Number(value);
}
