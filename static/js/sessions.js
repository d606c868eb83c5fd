// A tester's sessions on the page of their devices: where they are signed in, and an end to it.

import { question } from "./backstage/dialogs.js";
import { table } from "./backstage/tables.js";
import { h } from "./studio/dom.js";
import { get, post } from "./studio/server.js";
import { ago, count } from "./studio/words.js";

/** Keep the section `root` up to date; `told(sentence)` is for screen readers. Returns `look` and `offer`. */
export function keepSessions(root, told) {
  const endOthers = root.querySelector(".end-others");
  let others = 0;

  const look = async () => {
    const { sessions, now } = await get("/sessions");
    others = sessions.filter(({ here }) => !here).length;
    endOthers.disabled = !others;
    root.querySelector(".sessions").replaceChildren(table(["Device", "Signed in", "~Ends", ""], sessions.map((session) => row(session, now, end)), "Nowhere."));
  };

  const end = async ({ id, label }) => {
    const done = await question({
      title: `End the session on ${label}?`,
      text: "Whoever is there is signed out at once.",
      fields: [],
      go: "End it",
      danger: true,
      act: () => post(`/sessions/${id}/end`),
    });
    if (!done) return;
    told(`The session on ${label} has ended.`);
    await look();
  };

  /** Ask whether all others are to end; `why` stands above. Nothing where there are none. */
  const offer = async (why) => {
    await look();
    if (!others) return;
    const done = await question({
      title: others === 1 ? "End your other session?" : `End your ${others} other sessions?`,
      text: why,
      fields: [],
      go: others === 1 ? "End it" : "End them",
      danger: true,
      act: () => post("/sessions/end"),
    });
    if (!done) return;
    told(`${count(done.ended, "session")} ended.`);
    await look();
  };

  endOthers.onclick = () => offer("You stay signed in here, and nowhere else.");
  return { look, offer };
}

function row(session, now, end) {
  const { id, label, here, signed_in_at: since, ends_at: until } = session;
  const days = Math.max(0, Math.round((until - now) / 86400000));
  return h(
    "tr",
    { "data-session": id },
    h("td", {}, label, here && h("span", { class: "role" }, "this one")),
    h("td", { class: "soft" }, ago(since, now)),
    h("td", { class: "soft minor" }, days ? `in ${count(days, "day")}` : "today"),
    h("td", { class: "end" }, !here && h("button", { type: "button", class: "button danger", "aria-label": `End the session on ${label}, signed in ${ago(since, now)}`, onclick: () => end(session) }, "End")),
  );
}
