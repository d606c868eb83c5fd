// A tester's webhooks: which there are, what each was told last, a new secret for one.

import { field, question, showSecret } from "../backstage/dialogs.js";
import { h } from "../studio/dom.js";
import { ask, get, post } from "../studio/server.js";
import { ago, count } from "../studio/words.js";
import { changed, doing, find, open, state } from "./page.js";

const PATH = "/v1/webhook_endpoints";
const TYPES = { "video.completed": "A clip is finished", "video.failed": "A clip ended without a film" };
const STATES = { waiting: ["queued", "On its way"], delivered: ["finished", "Delivered"], failed: ["failed", "Given up"] };

async function look() {
  const { data } = await get(PATH);
  const nothing = h("p", { class: "nothing" }, "No webhooks. Scripts may also ask for a clip's state themselves.");
  find(".webhooks").replaceChildren(data.length ? table(["Webhook", "Hears of", "Added", ""], data.map(row)) : nothing);
  find(".told").hidden = true;
}

function row(endpoint) {
  const act = (words, does, danger) => h("button", { type: "button", class: `button${danger ? " danger" : ""}`, onclick: (event) => does(endpoint, event.target) }, words);
  return h(
    "tr",
    { "data-webhook": endpoint.id },
    h("td", { class: "wraps" }, endpoint.name, h("span", { class: "under soft" }, endpoint.url)),
    h("td", { class: "soft wraps" }, endpoint.event_types.map((type) => TYPES[type]).join(", ")),
    h("td", { class: "soft minor" }, ago(endpoint.created_at * 1000)),
    h("td", { class: "end" }, act("Latest", showLatest), act("Test", test), act("Change", change), act("New secret", rotate), act("Remove", remove, true)),
  );
}

function table(headings, rows) {
  const heads = headings.map((text, at) => h("th", { scope: "col", class: at === 2 && "minor" }, text));
  return h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows));
}

async function showLatest(endpoint) {
  await doing(
    async () => {
      const { data } = await get(`${PATH}/${endpoint.id}/deliveries`);
      const nothing = h("p", { class: "nothing" }, "Nothing yet: no clip has ended since it was added.");
      find(".deliveries").replaceChildren(data.length ? table(["What", "Clip", "When", ""], data.map(told)) : nothing);
      find("#told-title").textContent = `What ${endpoint.name} was told last`;
      find(".told").hidden = false;
      find(".told").scrollIntoView({ block: "nearest" });
    },
    async () => {},
    `Shown below: what ${endpoint.name} was told last.`,
  );
}

function told(delivery) {
  const [name, words] = STATES[delivery.state];
  const answered = delivery.status_code ? `last answer ${delivery.status_code}` : "no answer";
  return h(
    "tr",
    { "data-delivery": delivery.id },
    h("td", {}, TYPES[delivery.event_type]),
    h("td", { class: "soft" }, delivery.video_id.slice(-8)),
    h("td", { class: "soft minor" }, ago(delivery.created_at * 1000)),
    h("td", { class: "end" }, state(name, words), h("span", { class: "under soft" }, delivery.attempts ? `${count(delivery.attempts, "try").replace("trys", "tries")}, ${answered}` : "")),
  );
}

async function add() {
  const made = await question({
    title: "Add a webhook",
    text: "An https address that can be reached from anywhere.",
    fields: fields({ name: "", url: "", event_types: Object.keys(TYPES) }),
    go: "Add",
    act: (form) => post(PATH, said(form)),
  });
  await changed(made && `${made.name} was added.`, look);
  if (made) secretOf(made);
}

async function change(endpoint) {
  const done = await question({
    title: `Change ${endpoint.name}`,
    text: "Its secret stays. What is on its way goes to the new address.",
    fields: fields(endpoint),
    go: "Save",
    act: (form) => post(`${PATH}/${endpoint.id}`, said(form)),
  });
  await changed(done && `${done.name} was changed.`, look);
}

function fields({ name, url, event_types: types }) {
  const kinds = Object.entries(TYPES).map(([type, words]) => {
    const box = h("input", { type: "checkbox", name: type, checked: types.includes(type) });
    return h("label", { class: "check" }, box, ` ${words}`);
  });
  return [
    field("Name", { name: "name", maxlength: 80, required: true, autocomplete: "off", value: name }),
    field("Address", { name: "url", type: "url", maxlength: 2000, required: true, placeholder: "https://", autocomplete: "off", value: url }),
    ...kinds,
  ];
}

function said(form) {
  return {
    name: form.name.value,
    url: form.url.value.trim(),
    event_types: Object.keys(TYPES).filter((type) => form[type].checked),
  };
}

async function rotate(endpoint) {
  const overlap = h("input", { type: "checkbox", name: "overlap", checked: true });
  const made = await question({
    title: `A new secret for ${endpoint.name}?`,
    text: "For a day messages can be signed with both, so that your server may learn the new one in its own time. Where the old one leaked, let it end at once.",
    fields: [h("label", { class: "check" }, overlap, " Sign with the old one too for 24 hours")],
    go: "Make a new secret",
    act: () => post(`${PATH}/${endpoint.id}/rotate_secret`, { keep_old_secret_active_for_24_hours: overlap.checked }),
  });
  if (made) secretOf(made);
}

function secretOf({ name, signing_secret: secret }) {
  showSecret({
    title: `Secret of ${name}`,
    text: "Shown this once. Your server checks with it that a message comes from here.",
    secret,
  });
}

async function test(endpoint, button) {
  await doing(
    async () => {
      const { status_code: status } = await post(`${PATH}/${endpoint.id}/test`, { event_type: endpoint.event_types[0] });
      button.textContent = `Answered ${status}`;
    },
    async () => {},
    `${endpoint.name} was sent a sample, and answered.`,
  );
}

async function remove(endpoint) {
  const done = await question({
    title: `Remove ${endpoint.name}?`,
    text: "It hears of nothing more, and what is on its way to it is not sent.",
    fields: [],
    go: "Remove",
    danger: true,
    act: () => ask("DELETE", `${PATH}/${endpoint.id}`),
  });
  await changed(done && `${endpoint.name} was removed.`, look);
}

find(".add-webhook").onclick = add;
find(".add-webhook").disabled = false;
await open(look);
