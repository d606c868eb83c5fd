// What went wrong, written here for the transparency page.

import { field, question } from "./dialogs.js";
import { table } from "./tables.js";
import { changed, find } from "../people/page.js";
import { area } from "../showing/fields.js";
import { h } from "../studio/dom.js";
import { get, post } from "../studio/server.js";

export async function openIncidents() {
  const { incidents } = await get("/backstage/incidents");
  const rows = incidents.map((incident) =>
    h(
      "tr",
      { "data-incident": incident.id },
      h("td", {}, incident.day),
      h("td", { class: "wraps" }, incident.title),
      h("td", { class: "end" }, h("button", { type: "button", class: "button danger", onclick: () => withdraw(incident) }, "Withdraw")),
    ),
  );
  find(".incidents").replaceChildren(table(["Day", "Title", ""], rows, "None was written."));
  find(".write-incident").onclick = write;
  find(".write-incident").disabled = false;
}

async function write() {
  const done = await question({
    title: "Write an incident",
    text: "Everybody who may read the transparency page reads it. Name no person.",
    fields: [
      field("Day it happened", { name: "day", type: "date", value: new Date().toISOString().slice(0, 10) }),
      field("Title", { name: "title", maxlength: 120, autocomplete: "off" }),
      area("What happened, whom it touched, what was done", { name: "words", maxlength: 4000 }),
    ],
    go: "Publish",
    act: ({ day, title, words }) => post("/backstage/incidents", { day: day.value, title: title.value, words: words.value }),
  });
  await changed(done && "The incident was published.", openIncidents);
}

async function withdraw({ id, title }) {
  const done = await question({
    title: `Withdraw “${title}”?`,
    text: "It leaves the page. The audit log keeps that it was there.",
    fields: [],
    go: "Withdraw",
    danger: true,
    act: () => post(`/backstage/incidents/${id}/withdraw`),
  });
  await changed(done && "The incident was withdrawn.", openIncidents);
}
