// An artist's clips: where their reviews stand, who may see them, and for how long.

import { field, question, showSecret } from "../backstage/dialogs.js";
import { find, tell } from "../people/page.js";
import { accountMenu, themeMenu, wordmark } from "../studio/bar.js";
import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { ago, count, duration, quoted } from "../studio/words.js";
import { area, check } from "./fields.js";
import { lookAtRefusals } from "./refusals.js";
import { reviewLines } from "./reviews.js";

const LOOK_MS = 5000;
let desk = null;
let before = "";

/** `now`: whatever the person is doing, as they just changed something. */
async function look(now = false) {
  if (!now && (document.hidden || document.querySelector("dialog"))) return;
  try {
    desk = await get("/showing/list");
  } catch (problem) {
    if (problem.status === 401) location.assign("/sign-in");
    tell(problem);
    return;
  }
  find(".banner").hidden = true;
  const { now: at, ...rest } = desk;
  const facts = JSON.stringify([rest, Math.floor(at / 60000)]);
  const isBusy = find(".shelf").contains(document.activeElement) || [...document.querySelectorAll("video")].some((film) => !film.paused);
  if (facts === before || (before && isBusy)) return;
  before = facts;
  find(".sentences").replaceChildren(...desk.sentences.map((sentence) => h("li", {}, sentence)));
  say(find(".wait"), desk.sharing === "review" ? waiting(desk.wait) : "");
  find(".shelf").replaceChildren(...shelf());
  if (location.hash) find(location.hash)?.scrollIntoView();
}

function waiting({ promised_ms: promised, waiting: line, oldest_ms: oldest, median_ms: median }) {
  const took = median === null ? "No review was decided yet." : `The latest reviews took ${duration(median)}.`;
  const first = oldest === null ? "Nobody waits right now." : `${count(line, "clip")} in line, the first for ${duration(oldest)}.`;
  return `Promised within ${duration(promised)}. ${took} ${first}`;
}

function shelf() {
  if (!desk.clips.length) return [h("p", { class: "nothing" }, "No clip of yours is finished. Make one in the studio.")];
  return desk.clips.map(clipCard);
}

function clipCard(clip) {
  return h(
    "article",
    { class: "shown-clip", id: `clip-${clip.id}`, "data-clip": clip.id, "aria-label": clip.prompt.slice(0, 80) },
    h("div", { class: "picture" }, film(clip)),
    h(
      "div",
      {},
      h("h3", {}, quoted(clip.prompt, 120)),
      ...reviewLines(clip.reviews, desk.now),
      inGallery(clip),
      linksOf(clip),
      h("div", { class: "acts" }, ...acts(clip)),
    ),
  );
}

function film(clip) {
  return h("video", { src: clip.url, poster: clip.poster, controls: true, loop: true, muted: true, playsinline: true, preload: "none" });
}

function inGallery({ gallery, id }) {
  if (!gallery) return null;
  if (gallery.hangs) {
    return h("p", {}, h("span", { class: "state approved" }, "In the ", h("a", { href: `/gallery/${id}` }, "gallery")), ` as ${gallery.title}, by ${gallery.credit || "nobody named"}`);
  }
  if (gallery.ended_by !== "admin") return null;
  return h("div", {}, h("p", {}, h("span", { class: "state rejected" }, `Taken down by an admin ${ago(gallery.ended_at, desk.now)}: ${gallery.sentence}`)), h("p", { class: "said" }, gallery.words));
}

function linksOf({ links }) {
  const shown = links.filter(({ state, ended_by: by }) => state === "open" || by === "admin");
  if (!shown.length) return null;
  return h("ul", { "aria-label": "Links" }, ...shown.map(linkRow));
}

function linkRow(link) {
  if (link.state !== "open") return h("li", {}, h("span", { class: "state rejected" }, link.sentence ? `A link was taken down by an admin: ${link.sentence}` : "A link was ended by an admin"), h("span", { class: "soft" }, link.words));
  const until = link.expires_at ? `until ${day(link.expires_at)}` : "until you end it";
  return h(
    "li",
    { "data-link": link.id },
    h("span", { class: "soft" }, `Link, ${until}`),
    h("code", {}, link.url),
    h("button", { type: "button", class: "button danger", onclick: () => endLink(link) }, "End"),
  );
}

function day(ms) {
  return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** What can be done with a clip as it stands. */
function acts(clip) {
  const last = clip.reviews.at(-1);
  const approved = clip.reviews.some(({ state }) => state === "approved");
  const mayShow = !clip.taken_down && (desk.sharing === "free" || (desk.sharing === "review" && approved));
  const mayAsk = desk.sharing === "review" && (!last || (last.state === "withdrawn" && last.round === 1));
  const mayAppeal = (last?.state === "rejected" && last.round === 1) || (last?.state === "withdrawn" && last.round === 2);
  return [
    mayAsk && button("Submit for review", () => submit(clip), "primary"),
    last?.state === "waiting" && button("Withdraw", () => act(`/showing/${clip.id}/withdraw`, {}, "The clip left the line.")),
    mayAppeal && button("Appeal", () => appeal(clip), "primary"),
    mayShow && !clip.gallery?.hangs && button("Hang in the gallery", () => publish(clip)),
    clip.gallery?.hangs && button("Take out of the gallery", () => act(`/showing/${clip.id}/unpublish`, {}, "The clip left the gallery.")),
    mayShow && button("Make a link", () => makeLink(clip)),
  ].filter(Boolean);
}

function button(label, onclick, kind = "") {
  return h("button", { type: "button", class: `button ${kind}`, onclick }, label);
}

async function submit(clip) {
  const done = await question({
    title: "Submit for review?",
    text: `Reviewers see this clip, its prompt and its settings from now on. ${waiting(desk.wait)}`,
    fields: [area("Anything a reviewer should know (may be empty)", { name: "plea", maxlength: 1000 })],
    go: "Submit",
    act: ({ plea }) => post(`/showing/${clip.id}/submit`, { plea: plea.value }),
  });
  await changed(done && "The clip was submitted.");
}

async function appeal(clip) {
  const done = await question({
    title: "Appeal to a second reviewer?",
    text: "Somebody else than who rejected it looks at the clip, with your words beside it. Their decision is final.",
    fields: [area("Why it should be approved", { name: "plea", maxlength: 1000 })],
    go: "Appeal",
    act: ({ plea }) => post(`/showing/${clip.id}/appeal`, { plea: plea.value }),
  });
  await changed(done && "The appeal was sent.");
}

async function publish(clip) {
  const done = await question({
    title: "Hang in the gallery?",
    text: "Everybody can see it there, signed in or not, until you take it out.",
    fields: [
      field("Title", { name: "title", maxlength: 120, autocomplete: "off", value: clip.prompt.slice(0, 120) }),
      creditField(),
      check("Show the prompt beside it", { name: "prompt" }),
    ],
    go: "Hang it",
    act: ({ title, credit, prompt }) => post(`/showing/${clip.id}/publish`, { title: title.value, credit: credit.value, prompt_shown: prompt.checked }),
  });
  await changed(done && "The clip hangs in the gallery.");
}

async function makeLink(clip) {
  const made = await question({
    title: "A link to this clip",
    text: "Whoever has it can look, without signing in, until it ends.",
    fields: [creditField(), field("Ends after how many days (empty: when you end it)", { name: "days", type: "number", min: 1, max: 365, value: 30 })],
    go: "Make the link",
    act: ({ credit, days }) => post(`/showing/${clip.id}/links`, { credit: credit.value, days: days.value ? Number(days.value) : null }),
  });
  if (made) showSecret({ title: "Your link", text: "It stays on this page, where you can end it.", secret: made.url });
  await changed(made && "The link was made.");
}

function creditField() {
  return field("Credit, as you wish to be named (empty: nobody)", { name: "credit", maxlength: 80, autocomplete: "off", value: desk.credit ?? "" });
}

const endLink = (link) => act(`/showing/links/${link.id}/end`, {}, "The link ended.");

async function act(path, body, sentence) {
  try {
    await post(path, body);
    await changed(sentence);
  } catch (problem) {
    tell(problem);
  }
}

async function changed(sentence) {
  if (!sentence) return;
  say(find(".announcer"), sentence);
  document.activeElement?.blur();
  before = "";
  await look(true);
}

wordmark(find(".wordmark"));
themeMenu(find(".theme-menu"));
accountMenu(find(".account-menu"), await get("/me"));
await look();
await lookAtRefusals();
setInterval(() => look(), LOOK_MS);
