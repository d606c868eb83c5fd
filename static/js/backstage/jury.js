// Open calls, for whoever judges: publish one, keep a shortlist, publish the decision.

import { field, question } from "./dialogs.js";
import { changed, find, tell } from "../people/page.js";
import { callFacts, standing } from "../showing/call.js";
import { area, check } from "../showing/fields.js";
import { accountMenu, themeMenu, wordmark } from "../studio/bar.js";
import { h } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { quoted } from "../studio/words.js";

const WEEK_MS = 7 * 86_400_000;

async function look() {
  try {
    const desk = await get("/backstage/calls/list");
    const nothing = h("p", { class: "nothing" }, "No call was published yet.");
    find(".shelf").replaceChildren(...(desk.calls.length ? desk.calls.map(callCard) : [nothing]));
  } catch (problem) {
    if (problem.status === 401) location.assign("/sign-in");
    tell(problem);
  }
}

function callCard(call) {
  const entries = call.entries.filter(({ state }) => state !== "withdrawn");
  const judged = call.state === "closed";
  return h(
    "article",
    { class: "call", "data-call": call.id, "aria-label": call.title },
    ...callFacts(call),
    call.words && h("p", { class: "said" }, call.words),
    call.barred && judged && h("p", { class: "barred" }, "You have an entry in this call. Somebody else has to decide it."),
    entries.length ? h("ul", { class: "entered", "aria-label": "Entries" }, ...entries.map((entry) => entryTile(call, entry, judged))) : null,
    h("div", { class: "acts" }, judged && !call.barred && button("Publish the decision…", () => decide(call, entries), "primary")),
  );
}

function entryTile(call, entry, judged) {
  const [kind, words] = standing(entry);
  const film = `/backstage/calls/${entry.clip}`;
  return h(
    "li",
    { "data-entry": entry.clip },
    entry.there && h("video", { src: `${film}.mp4`, poster: `${film}.jpg`, controls: true, loop: true, muted: true, playsinline: true, preload: "none" }),
    h("strong", {}, entry.artist),
    h("span", {}, entry.there ? quoted(entry.prompt, 80) : "Its artist deleted this clip"),
    entry.note && h("span", { class: "said" }, entry.note),
    h("span", { class: `state ${kind}` }, words),
    judged && entry.there && button(entry.shortlisted ? "Off the shortlist" : "Shortlist", () => shortlist(call, entry)),
  );
}

function button(label, onclick, kind = "") {
  return h("button", { type: "button", class: `button ${kind}`, onclick }, label);
}

async function shortlist(call, entry) {
  try {
    await post(`/backstage/calls/${call.id}/${entry.clip}/shortlist`, { listed: !entry.shortlisted });
    await changed(entry.shortlisted ? "Off the shortlist." : "On the shortlist.", look);
  } catch (problem) {
    tell(problem);
  }
}

async function decide(call, entries) {
  const listed = entries.filter(({ shortlisted, there }) => shortlisted && there);
  const done = await question({
    title: `Decide ${call.title}?`,
    text: "Once, and about every entry: those you choose are chosen, all others are not. Every entrant reads your words.",
    fields: [
      ...listed.map((entry) => check(`${entry.artist}: ${quoted(entry.prompt, 60)}`, { name: "chosen", value: entry.clip })),
      area("The jury's words", { name: "words", maxlength: 4000 }),
    ],
    go: "Publish",
    act: (form) => post(`/backstage/calls/${call.id}/decide`, { chosen: listed.map(({ clip }) => clip).filter((clip) => [...document.querySelectorAll("[name=chosen]:checked")].some(({ value }) => value === clip)), words: form.words.value }),
  });
  await changed(done && "The decision was published.", look);
}

async function publish() {
  const at = (name, label, ms) => field(label, { name, type: "datetime-local", value: local(Date.now() + ms) });
  const when = ({ value }) => new Date(value).getTime() || 0;
  const done = await question({
    title: "Publish a call",
    fields: [
      field("Title", { name: "title", maxlength: 120, autocomplete: "off" }),
      area("Brief", { name: "brief", maxlength: 4000 }),
      area("Rules", { name: "rules", maxlength: 4000 }),
      field("Prize", { name: "prize", maxlength: 400, autocomplete: "off" }),
      field("Who decides", { name: "jury", maxlength: 400, autocomplete: "off" }),
      field("Clips of each artist", { name: "each", type: "number", min: 1, max: 20, value: 1 }),
      at("opens", "Opens", 0),
      at("closes", "Closes", 2 * WEEK_MS),
      at("decides", "Decided by", 3 * WEEK_MS),
    ],
    go: "Publish",
    act: ({ title, brief, rules, prize, jury, each, opens, closes, decides }) =>
      post("/backstage/calls", {
        title: title.value,
        brief: brief.value,
        rules: rules.value,
        prize: prize.value,
        jury: jury.value,
        entries_each: Number(each.value),
        opens_at: when(opens),
        closes_at: when(closes),
        decides_at: when(decides),
      }),
  });
  await changed(done && "The call was published.", look);
}

/** As a field of date and time takes it, in the time of this browser. */
function local(ms) {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

wordmark(find(".wordmark"));
themeMenu(find(".theme-menu"));
find(".publish-call").onclick = publish;
find(".publish-call").disabled = false;
accountMenu(find(".account-menu"), await get("/me"));
await look();
