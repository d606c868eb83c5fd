// The switch backstage: what is stopped, and how to stop and resume.

import { h } from "../studio/dom.js";
import { post } from "../studio/server.js";
import { field, question } from "./dialogs.js";

/** One line for each stop, with its undoing. */
export function stopsList(stops, changed) {
  return stops.map((stop) =>
    h(
      "p",
      { class: "stop", "data-subject": stop.subject },
      `Stopped: ${stop.name}. “${stop.message}” `,
      h("button", { type: "button", class: "button", onclick: () => resume(stop, changed) }, "Let go on"),
    ),
  );
}

async function resume(stop, changed) {
  await post("/backstage/switch", { subject: stop.subject, stopped: false });
  await changed(`${stop.name}: clips can be made again.`);
}

/** Ask whom to stop and what they read, and do it. */
export async function askToStop({ testers, cohorts = [] }, changed) {
  const option = (value, name) => h("option", { value }, name);
  const whom = h(
    "select",
    { name: "subject" },
    option("everybody", "Everybody"),
    ...cohorts.map((cohort) => option(`cohort:${cohort.id}`, `Cohort ${cohort.name}`)),
    ...testers.map((tester) => option(`tester:${tester.id}`, tester.name)),
  );
  const done = await question({
    title: "Stop clips from being made?",
    text: "Clips under way stop at their next step and are not charged. People can still sign in and see their clips. You can undo this.",
    fields: [
      h("label", { class: "field" }, h("span", { class: "label" }, "Whom"), whom),
      field("Message. They read it.", { name: "message", maxlength: 400, autocomplete: "off" }),
    ],
    go: "Stop",
    danger: true,
    act: ({ subject, message }) =>
      post("/backstage/switch", { subject: subject.value, stopped: true, message: message.value }),
  });
  await changed(done && "Clips were stopped.");
}
