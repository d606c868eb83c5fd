// Backstage: who is in the programme, and what is being drawn. Looks again by itself.

import { accountMenu, themeMenu, wordmark } from "../studio/bar.js";
import { rooms } from "../people/page.js";
import { isLive } from "../studio/card.js";
import { h, say } from "../studio/dom.js";
import { get, post } from "../studio/server.js";
import { count } from "../studio/words.js";
import { field, question, showToken } from "./dialogs.js";
import { addCohort, cohortActions, cohortsTable, invitesTable, makeInvite, waitingCount, waitlistTable } from "./joining.js";
import { askForTouches } from "./step-up.js";
import { askToStop, stopsList } from "./switch.js";
import { jobsTable, testersTable } from "./tables.js";

const LOOK_MS = 1500;
const find = (selector) => document.querySelector(selector);
let before = {};
let room = null;

function redraw(name, facts, draw) {
  const now = JSON.stringify(facts);
  if (before[name] === now || find(name).contains(document.activeElement)) return;
  before[name] = now;
  find(name).replaceChildren(...[draw()].flat());
}

async function look() {
  if (document.hidden) return;
  try {
    room = await get("/backstage/room");
    find(".ask-to-stop").disabled = false; // it asks whom: of those in the room
    const live = room.jobs.filter(isLive);
    say(find(".jobs-count"), live.length ? `${count(live.length, "clip")} on the way` : "Quiet right now");
    redraw(".jobs", [room.jobs, minute(room.now, live)], () => jobsTable(room.jobs, room.now, cancel));
    redraw(".stops", room.stops, () => stopsList(room.stops, changed));
    const cohorts = cohortActions(room, changed);
    redraw(".testers", [room.testers, room.tokens, room.cohorts, minute(room.now, [])], () =>
      testersTable(room, { issue, revoke, letReview, askForTouches: (tester) => askForTouches(tester, room, changed), ...cohorts }),
    );
    redraw(".waitlist", [room.waitlist, minute(room.now, [])], () => waitlistTable(room, changed));
    redraw(".invites", [room.invites, minute(room.now, [])], () => invitesTable(room, changed));
    redraw(".cohorts", room.cohorts, () => cohortsTable(room));
    say(find(".waitlist-count"), waitingCount(room));
    find(".banner").hidden = true;
  } catch (problem) {
    if (problem.status === 401) location.assign("/sign-in");
    tell(problem.message);
  }
}

/** Ages change by the minute; those of live clips by the second. */
function minute(now, live) {
  return Math.floor(now / (live.length ? 1000 : 60000));
}

function tell(sentence) {
  find(".banner").replaceChildren(sentence);
  find(".banner").hidden = false;
}

async function addTester() {
  const made = await question({
    title: "Add a tester",
    fields: [
      field("Name", { name: "name", maxlength: 80, autocomplete: "off" }),
      h(
        "label",
        { class: "field" },
        h("span", { class: "label" }, "Role"),
        h("select", { name: "role" }, h("option", { value: "tester" }, "Tester"), h("option", { value: "admin" }, "Admin")),
      ),
    ],
    go: "Add",
    act: ({ name, role }) => post("/backstage/testers", { name: name.value, role: role.value }),
  });
  await changed(made && `${made.name} was added.`);
}

async function issue(tester) {
  const made = await question({
    title: `Issue a token to ${tester.name}`,
    fields: [field("Good for how many days", { name: "days", type: "number", min: 1, max: 3650, value: 30 })],
    go: "Issue",
    act: ({ days }) => post(`/backstage/testers/${tester.id}/tokens`, { days: Number(days.value) }),
  });
  if (made) showToken(tester.name, made.token);
  await changed(made && `A token was issued to ${tester.name}.`);
}

async function letReview({ id, name, reviewer }) {
  const done = await question({
    title: reviewer ? `${name} reviews no longer?` : `Let ${name} review?`,
    text: reviewer
      ? "At once the desk is not there for them any more. What they decided stays decided."
      : "They see what artists submit, and approve or reject it, but nothing of their own. The rest of backstage stays closed to them.",
    fields: [],
    go: reviewer ? "End it" : "Let them review",
    danger: reviewer,
    act: () => post(`/backstage/testers/${id}/reviewer`, { reviewer: !reviewer }),
  });
  await changed(done && (reviewer ? `${name} reviews no longer.` : `${name} reviews from now on.`));
}

async function revoke(token, tester) {
  const done = await question({
    title: `Revoke this token of ${tester.name}?`,
    text: "At once: pages signed in with it close, clips under way stop and are not charged. This cannot be undone; you can issue a new token.",
    fields: [field("Reason. The tester reads it.", { name: "reason", maxlength: 400, autocomplete: "off" })],
    go: "Revoke",
    danger: true,
    act: ({ reason }) => post(`/backstage/tokens/${token.id}/revoke`, { reason: reason.value }),
  });
  await changed(done && `The token of ${tester.name} was revoked.`);
}

async function cancel(job) {
  try {
    await post(`/backstage/jobs/${job.id}/cancel`);
    await changed(`The clip of ${job.who} is being stopped.`);
  } catch (problem) {
    tell(problem.message);
  }
}

async function changed(sentence) {
  if (!sentence) return;
  say(find(".announcer"), sentence);
  document.activeElement?.blur();
  await look();
}

wordmark(find(".wordmark"));
themeMenu(find(".theme-menu"));
rooms(find(".rooms"));
find(".add-tester").onclick = addTester;
find(".make-invite").onclick = () => makeInvite(changed);
find(".add-cohort").onclick = () => addCohort(changed);
find(".ask-to-stop").onclick = () => askToStop(room, changed);
for (const name of [".add-tester", ".make-invite", ".add-cohort"]) find(name).disabled = false;
accountMenu(find(".account-menu"), await get("/me"));
await look();
setInterval(look, LOOK_MS);
