// The reviewers' desk: what waits, decided with the keyboard, one by one or many at once.

import { question } from "./dialogs.js";
import { openIncidents } from "./incidents.js";
import { lookAtAppeals } from "./refusals.js";
import { shownTable, takeDown } from "./shown.js";
import { find, tell } from "../people/page.js";
import { area, choice } from "../showing/fields.js";
import { reviewLines } from "../showing/reviews.js";
import { accountMenu, themeMenu, wordmark } from "../studio/bar.js";
import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { count, duration } from "../studio/words.js";

const filters = find(".filters");
const BESIDE_MAX = 4;
const selected = new Set();
let desk = null;
let current = 0;
let outcomes = {};

const keyOf = ({ clip, round }) => `${clip}.${round}`;
const cards = () => [...document.querySelectorAll(".cases .shown-clip")];
const reasons = () => Object.entries(desk.reasons);

async function look() {
  const asked = new URLSearchParams(new FormData(filters));
  try {
    desk = await get(`/backstage/reviews/list?${asked}`);
  } catch (problem) {
    if (problem.status === 401) location.assign("/sign-in");
    tell(problem);
    return;
  }
  find(".banner").hidden = true;
  nameArtists();
  for (const key of [...selected]) if (!desk.cases.some((row) => keyOf(row) === key)) selected.delete(key);
  current = Math.max(0, Math.min(current, desk.cases.length - 1));
  say(find(".wait"), waiting(desk.wait));
  draw();
  find(".shown").replaceChildren(shownTable(desk, look));
}

function draw() {
  const nothing = h("p", { class: "nothing" }, "Nothing here fits this.");
  find(".cases").replaceChildren(...(desk.cases.length ? desk.cases.map(caseCard) : [nothing]));
  mark();
}

function nameArtists() {
  const { artist } = filters.elements;
  const known = new Set([...artist.options].map(({ value }) => value));
  for (const [id, name] of Object.entries(desk.artists)) if (!known.has(id)) artist.append(h("option", { value: id }, name));
}

function waiting({ waiting: line, oldest_ms: oldest, promised_ms: promised, median_ms: median }) {
  const first = oldest === null ? "Nothing waits" : `${count(line, "clip")} in line, the first for ${duration(oldest)}${oldest > promised ? ", later than promised" : ""}`;
  return `${first} · promised within ${duration(promised)}${median === null ? "" : ` · the latest took ${duration(median)}`}`;
}

function caseCard(row, at) {
  const pick = h("input", { type: "checkbox", "aria-label": `Select ${row.artist}'s clip`, onchange: () => (toggle(at), mark()) });
  const { width, height, seconds, style, variant, seed, operation } = row.settings;
  const settings = [variant, `${width} × ${height}`, `${seconds} s`, style, operation === "text" ? null : operation.replace("_", " "), `seed ${seed}`];
  return h(
    "article",
    { class: "shown-clip", role: "listitem", tabindex: 0, "data-case": keyOf(row), onfocusin: () => ((current = at), mark()) },
    h("video", { src: row.url, poster: row.poster, controls: true, loop: true, muted: true, playsinline: true, preload: "none" }),
    h(
      "div",
      {},
      h("h3", { class: "check" }, pick, row.round === 2 ? `${row.artist}, appeal` : row.artist),
      h("p", {}, row.prompt ?? "The policy keeps this prompt to its artist."),
      h("p", { class: "soft" }, settings.filter(Boolean).join(" · ")),
      row.plea && h("p", { class: "said" }, row.plea),
      ...(row.earlier ? reviewLines([row.earlier], desk.now) : []),
      ...reviewLines([row], desk.now),
      row.barred && h("p", { class: "barred" }, row.barred),
      outcomes[keyOf(row)] && h("p", { class: "became", role: "status" }, outcomes[keyOf(row)]),
    ),
  );
}

/** Show which case is current and which are selected; what can be done with them. */
function mark() {
  cards().forEach((card, at) => {
    card.setAttribute("aria-current", String(at === current));
    card.querySelector("[type=checkbox]").checked = selected.has(card.dataset.case);
  });
  const can = filters.elements.state.value === "waiting" && aimed().length > 0;
  find(".bulk .approve").disabled = find(".bulk .reject").disabled = !can;
  find(".bulk .compare").disabled = selected.size < 2;
  find(".bulk .approve").textContent = selected.size ? `Approve ${selected.size}` : "Approve";
  find(".bulk .reject").textContent = selected.size ? `Reject ${selected.size}…` : "Reject…";
}

function toggle(at) {
  const key = keyOf(desk.cases[at]);
  if (!selected.delete(key)) selected.add(key);
}

/** The selected cases, or the current one where none is. */
function aimed() {
  const rows = selected.size ? desk.cases.filter((row) => selected.has(keyOf(row))) : desk.cases.slice(current, current + 1);
  return rows.filter((row) => row.state === "waiting");
}

async function decide(rows, verdict, more = {}) {
  const { cases } = await post("/backstage/reviews/decide", { cases: rows.map(({ clip, round }) => ({ clip, round })), verdict, ...more });
  const late = cases.filter(({ problem }) => problem);
  outcomes = Object.fromEntries(late.map((row) => [keyOf(row), row.problem.detail]));
  const done = cases.length - late.length;
  say(find(".announcer"), [done && `${count(done, "clip")} ${verdict}.`, ...late.map(({ problem }) => problem.detail)].filter(Boolean).join(" "));
  selected.clear();
  await look();
  cards()[current]?.focus();
  if (late.length) tell({ message: `${count(late.length, "clip")} not decided: ${late[0].problem.detail}` });
}

async function approve() {
  const rows = aimed();
  if (!rows.length) return;
  try {
    await decide(rows, "approved");
  } catch (problem) {
    tell(problem);
  }
}

async function reject() {
  const rows = aimed();
  if (!rows.length) return;
  await question({
    title: `Reject ${rows.length === 1 ? `the clip of ${rows[0].artist}` : count(rows.length, "clip")}?`,
    text: "The artist reads the reason and your words, and may appeal to another reviewer.",
    fields: [choice("Reason", "reason", reasons()), area("Your words", { name: "words", maxlength: 1000 })],
    go: "Reject",
    danger: true,
    act: ({ reason, words }) => decide(rows, "rejected", { reason: reason.value, words: words.value }),
  });
}

function beside() {
  const rows = desk.cases.filter((row) => selected.has(keyOf(row))).slice(0, BESIDE_MAX);
  if (rows.length < 2) return;
  const films = rows.map((row) => h("figure", { style: null }, h("video", { src: row.url, poster: row.poster, controls: true, loop: true, muted: true, playsinline: true }), h("figcaption", {}, row.artist)));
  const close = h("button", { type: "button", class: "button primary" }, "Done");
  const play = h("button", { type: "button", class: "button" }, "Play together");
  const dialog = h("dialog", { class: "beside", "aria-label": "Side by side" }, h("div", { class: "films" }, ...films), h("div", { class: "choices" }, play, close));
  play.onclick = () => {
    for (const film of dialog.querySelectorAll("video")) {
      film.currentTime = 0;
      film.play();
    }
  };
  close.onclick = () => dialog.close();
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function play() {
  const film = cards()[current]?.querySelector("video");
  if (film) film.paused ? film.play() : film.pause();
}

function step(by) {
  current = Math.max(0, Math.min(current + by, desk.cases.length - 1));
  cards()[current]?.focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  x: () => (desk.cases.length && toggle(current), mark()),
  a: approve,
  r: reject,
  c: beside,
  " ": play,
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog, .menu, button, video");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !desk) return;
  const act = KEYS[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

wordmark(find(".wordmark"));
themeMenu(find(".theme-menu"));
filters.addEventListener("change", () => ((current = 0), selected.clear(), look()));
filters.addEventListener("submit", (event) => event.preventDefault());
find(".bulk .approve").onclick = approve;
find(".bulk .reject").onclick = reject;
find(".bulk .compare").onclick = beside;
find(".take-down").onclick = () => takeDown(desk, look);
find(".take-down").disabled = false;

const me = await get("/me");
accountMenu(find(".account-menu"), me);
for (const section of document.querySelectorAll(".for-admins")) section.hidden = !me.is_admin;
if (!me.is_admin) stayHere();
await look();
await lookAtAppeals();
if (me.is_admin) await openIncidents();

/** To a reviewer who is no admin the rest of backstage is not there. */
function stayHere() {
  find(".wordmark").href = "/";
  say(find(".room"), "Reviews");
  find(".bar-end a[href='/backstage']").replaceWith(h("a", { class: "button quiet", href: "/" }, "Studio"));
}
