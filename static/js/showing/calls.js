// Open calls, for artists: what is asked for, and where every entry of theirs stands.

import { question } from "../backstage/dialogs.js";
import { changed, find, tell } from "../people/page.js";
import { accountMenu, themeMenu, wordmark } from "../studio/bar.js";
import { h } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { quoted } from "../studio/words.js";
import { callFacts, standing } from "./call.js";
import { area, choice } from "./fields.js";

let desk = null;

async function look() {
  try {
    desk = await get("/calls/list");
    const nothing = h("p", { class: "nothing" }, "There is no call right now.");
    find(".shelf").replaceChildren(...(desk.calls.length ? desk.calls.map(callCard) : [nothing]));
  } catch (problem) {
    if (problem.status === 401) location.assign("/sign-in");
    tell(problem);
  }
}

function callCard(call) {
  const own = call.own.filter(({ state }) => state !== "withdrawn");
  return h(
    "article",
    { class: "call", "data-call": call.id, "aria-label": call.title },
    ...callFacts(call),
    call.words && h("p", { class: "said" }, call.words),
    call.chosen.length ? h("p", {}, "Chosen and in the gallery: ", ...call.chosen.flatMap((row) => [h("a", { href: `/gallery/${row.clip}` }, row.title), " "])) : null,
    own.length ? h("ul", { class: "entered", "aria-label": "Your entries" }, ...own.map((entry) => ownEntry(call, entry))) : null,
    h("div", { class: "acts" }, call.state === "open" && own.length < call.entries_each && h("button", { type: "button", class: "button primary", onclick: () => enter(call) }, "Enter a clip")),
  );
}

function ownEntry(call, entry) {
  const [kind, words] = standing(entry);
  const waits = entry.state === "entered" && call.state !== "decided";
  return h(
    "li",
    { "data-entry": entry.clip },
    entry.there && h("video", { src: `/clips/${entry.clip}.mp4`, poster: `/clips/${entry.clip}.jpg`, controls: true, loop: true, muted: true, playsinline: true, preload: "none" }),
    h("span", {}, entry.there ? quoted(entry.prompt, 80) : "A clip you deleted"),
    h("span", { class: `state ${kind}` }, words),
    waits && h("button", { type: "button", class: "button", onclick: () => withdraw(call, entry) }, "Withdraw"),
  );
}

async function enter(call) {
  const entered = new Set(call.own.filter(({ state }) => state !== "withdrawn").map(({ clip }) => clip));
  const clips = desk.clips.filter(({ id }) => !entered.has(id)).map(({ id, prompt }) => [id, quoted(prompt, 70)]);
  const done = await question({
    title: `Enter a clip in ${call.title}?`,
    text: clips.length ? "The jury sees the clip, its prompt and your note from now on. You can withdraw it until the decision." : "Finish a clip in the studio first.",
    fields: [choice("Clip", "clip", clips), area("A note for the jury (may be empty)", { name: "note", maxlength: 1000 })],
    go: "Enter",
    act: ({ clip, note }) => post(`/calls/${call.id}/enter`, { clip: clip.value, note: note.value }),
  });
  await changed(done && "Your clip was entered.", look);
}

async function withdraw(call, entry) {
  try {
    await post(`/calls/${call.id}/${entry.clip}/withdraw`);
    await changed("Your entry was withdrawn.", look);
  } catch (problem) {
    tell(problem);
  }
}

wordmark(find(".wordmark"));
themeMenu(find(".theme-menu"));
accountMenu(find(".account-menu"), await get("/me"));
await look();
