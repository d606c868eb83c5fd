// The two tables, drawn anew from each look at the room; equal looks leave the page alone.

import { isLive } from "../studio/card.js";
import { h } from "../studio/dom.js";
import { ago, duration } from "../studio/words.js";

const STATES = {
  queued: "In line",
  running: "Drawing",
  finished: "Finished",
  failed: "Failed",
  stopped: "Stopped",
};
const STATUSES = { live: "Live", used: "Used", expired: "Expired", revoked: "Revoked" };
const WHY = { revoked: "token revoked", cancelled: "by its artist", by_admin: "by an admin" };

/** A heading that begins with "~" stands over a column that narrow screens leave out. */
export function table(headings, rows, nothing) {
  if (!rows.length) return h("p", { class: "nothing" }, nothing);
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...headings.map(heading))),
    h("tbody", {}, ...rows),
  );
}

function heading(text) {
  return h("th", { scope: "col", class: text.startsWith("~") && "minor" }, text.replace("~", ""));
}

export function jobsTable(jobs, now, onCancel) {
  const rows = jobs.map((job) => {
    const live = isLive(job);
    const took = (job.ended_at ?? now) - job.created_at;
    const state = WHY[job.stop_reason] ? `${STATES[job.state]}, ${WHY[job.stop_reason]}` : STATES[job.state];
    return h(
      "tr",
      { "data-job": job.id },
      h("td", {}, job.who),
      h("td", {}, h("span", { class: `state ${job.state}` }, live && job.stop_reason ? "Stopping" : state)),
      h("td", { class: "soft" }, job.step ? `${job.step} of ${job.steps}` : "–"),
      h("td", { class: "soft minor" }, live ? duration(took) : ago(job.created_at, now)),
      h(
        "td",
        { class: "end" },
        live && h("button", { type: "button", class: "button", disabled: Boolean(job.stop_reason), onclick: () => onCancel(job) }, "Cancel"),
      ),
    );
  });
  return table(["Tester", "State", "Step", "~Age", ""], rows, "Nothing has been asked for yet.");
}

export function testersTable({ testers, tokens, now }, on) {
  const rows = testers.flatMap((tester) => {
    const own = tokens.filter((token) => token.tester_id === tester.id);
    return [personRow(tester, on), ...own.map((token) => tokenRow(token, tester, now, on))];
  });
  return table(["Tester and tokens", "Status", "~Last used", "~Expires", ""], rows, "Nobody is here yet. Add a tester.");
}

function personRow(tester, on) {
  return h(
    "tr",
    { class: "person", "data-tester": tester.id },
    h("td", {}, tester.name, tester.role === "admin" && h("span", { class: "role" }, "admin"), tester.reviewer && h("span", { class: "role" }, "reviewer")),
    h("td", { class: "role" }, on.cohortOf(tester)),
    h("td", { class: "role minor", colspan: 2 }, touches(tester)),
    h(
      "td",
      { class: "end" },
      tester.role !== "admin" && h("button", { type: "button", class: "button", onclick: () => on.letReview(tester) }, "Review…"),
      h("button", { type: "button", class: "button", onclick: () => on.askForTouches(tester) }, "Touch…"),
      on.hasCohorts && h("button", { type: "button", class: "button", onclick: () => on.move(tester) }, "Move"),
      h("button", { type: "button", class: "button", onclick: () => on.issue(tester) }, "Issue token"),
    ),
  );
}

/** What was said of this tester alone about touching a passkey. */
function touches({ step_up: needed, passkeys }) {
  if (needed === null) return "";
  if (!needed) return "Touches nothing";
  return passkeys ? "Touches a passkey" : "Has no passkey yet";
}

function tokenRow(token, tester, now, on) {
  const status = h("span", { class: `state ${token.status}` }, STATUSES[token.status]);
  const why = token.revoke_reason && `: ${token.revoke_reason}`;
  return h(
    "tr",
    { class: "token", "data-token": token.id },
    h("td", {}, token.id, token.kind !== "access" && h("span", { class: "role" }, token.kind)),
    h("td", { class: "wraps" }, status, why),
    h("td", { class: "soft minor" }, token.last_used_at ? ago(token.last_used_at, now) : "never"),
    h("td", { class: "soft minor" }, expiry(token, now)),
    h(
      "td",
      { class: "end" },
      ["live", "used"].includes(token.status) &&
        h("button", { type: "button", class: "button danger", onclick: () => on.revoke(token, tester) }, "Revoke"),
    ),
  );
}

function expiry({ expires_at: at, status }, now) {
  if (!at) return "never";
  if (status !== "live") return "–";
  const days = Math.round((at - now) / 86400000);
  return days > 1 ? `in ${days} days` : `in ${duration(at - now)}`;
}
