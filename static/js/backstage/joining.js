// Who waits, who is invited, and in which cohorts testers are.

import { h } from "../studio/dom.js";
import { post } from "../studio/server.js";
import { ago, count, duration } from "../studio/words.js";
import { field, question, showInvite } from "./dialogs.js";
import { table } from "./tables.js";

const WAITING = { waiting: "Waiting", invited: "Invited", lapsed: "Invite ran out" };
const INVITES = { open: "Open", used: "Redeemed", revoked: "Revoked", expired: "Expired" };

function button(label, act, danger) {
  return h("button", { type: "button", class: `button${danger ? " danger" : ""}`, onclick: act }, label);
}

export function waitingCount({ waitlist }) {
  const waiting = waitlist.filter((entry) => entry.status !== "invited").length;
  return waiting ? `${waiting === 1 ? "1 person waits" : `${waiting} people wait`}` : "Nobody waits";
}

export function waitlistTable({ waitlist, now }, changed) {
  const rows = waitlist.map((entry) =>
    h(
      "tr",
      { "data-waiting": entry.id },
      h("td", { class: "wraps" }, entry.name, h("span", { class: "under" }, entry.email)),
      h("td", { class: "wraps soft" }, entry.about || "–"),
      h("td", { class: "minor" }, h("span", { class: `state ${entry.status}` }, WAITING[entry.status])),
      h("td", { class: "soft minor" }, ago(entry.created_at, now)),
      h(
        "td",
        { class: "end" },
        button("Remove", () => remove(entry, changed), true),
        entry.status !== "invited" && button("Invite", () => inviteWaiting(entry, changed)),
      ),
    ),
  );
  return table(["Who", "Their work", "~Status", "~Since", ""], rows, "Nobody has asked for a place.");
}

export function invitesTable({ invites, now }, changed) {
  const rows = invites.map((invite) =>
    h(
      "tr",
      { "data-invite": invite.id },
      h(
        "td",
        { class: "wraps" },
        invite.name ?? "Anybody",
        h("span", { class: "under" }, [invite.email, invite.cohort].filter(Boolean).join(" · ")),
      ),
      h("td", {}, h("span", { class: `state ${invite.status}` }, INVITES[invite.status])),
      h("td", { class: "soft minor" }, ago(invite.created_at, now)),
      h("td", { class: "soft minor" }, invite.status === "open" ? `in ${duration(invite.expires_at - now)}` : "–"),
      h("td", { class: "end" }, invite.status === "open" && button("Revoke", () => revoke(invite, changed), true)),
    ),
  );
  return table(["For", "Status", "~Made", "~Expires", ""], rows, "Nobody is invited.");
}

export function cohortsTable({ cohorts }) {
  const rows = cohorts.map((cohort) =>
    h(
      "tr",
      { "data-cohort": cohort.id },
      h("td", { class: "wraps" }, cohort.name),
      h("td", { class: "soft" }, count(cohort.testers, "tester")),
      h("td", {}, cohort.stopped && h("span", { class: "state revoked" }, "Stopped")),
    ),
  );
  return table(["Cohort", "Testers", ""], rows, "There are no cohorts. Everybody has the same limits.");
}

/** What the table of testers shows and does about cohorts. */
export function cohortActions({ cohorts }, changed) {
  return {
    hasCohorts: cohorts.length > 0,
    cohortOf: (tester) => cohorts.find((cohort) => cohort.id === tester.cohort_id)?.name ?? "",
    move: (tester) => move(tester, cohorts, changed),
  };
}

async function move(tester, cohorts, changed) {
  const options = cohorts.map(({ id, name }) => h("option", { value: id, selected: id === tester.cohort_id }, name));
  const done = await question({
    title: `Move ${tester.name}`,
    fields: [
      h(
        "label",
        { class: "field" },
        h("span", { class: "label" }, "Cohort"),
        h("select", { name: "cohort" }, h("option", { value: "" }, "None"), ...options),
      ),
    ],
    go: "Move",
    act: ({ cohort }) => post(`/backstage/testers/${tester.id}/cohort`, { cohort_id: cohort.value || null }),
  });
  await changed(done && `${tester.name} was moved.`);
}

export async function makeInvite(changed) {
  const made = await question({
    title: "Invite somebody",
    text: "Leave the name out and they choose one.",
    fields: [
      field("Name", { name: "name", maxlength: 80, autocomplete: "off" }),
      field("E-mail", { name: "email", type: "email", maxlength: 254, autocomplete: "off" }),
    ],
    go: "Make invite",
    act: ({ name, email }) => post("/backstage/invites", { name: name.value, email: email.value }),
  });
  if (made) showInvite(made);
  await changed(made && "An invite was made.");
}

async function inviteWaiting(entry, changed) {
  const made = await question({
    title: `Invite ${entry.name}?`,
    text: `You get a link to hand to ${entry.email} yourself.`,
    fields: [],
    go: "Make invite",
    act: () => post(`/backstage/waitlist/${entry.id}/invite`),
  });
  if (made) showInvite(made);
  await changed(made && `${entry.name} was invited.`);
}

async function remove(entry, changed) {
  const done = await question({
    title: `Take ${entry.name} off the waitlist?`,
    text: "Their name, address and words are deleted.",
    fields: [],
    go: "Remove",
    danger: true,
    act: () => post(`/backstage/waitlist/${entry.id}/remove`),
  });
  await changed(done && `${entry.name} is off the waitlist.`);
}

async function revoke(invite, changed) {
  const done = await question({
    title: `Revoke the invite${invite.name ? ` for ${invite.name}` : ""}?`,
    text: "Its link opens nothing more. You can make a new one.",
    fields: [],
    go: "Revoke",
    danger: true,
    act: () => post(`/backstage/invites/${invite.id}/revoke`),
  });
  await changed(done && "The invite was revoked.");
}

export async function addCohort(changed) {
  const made = await question({
    title: "Add a cohort",
    fields: [field("Name", { name: "name", maxlength: 80, autocomplete: "off" })],
    go: "Add",
    act: ({ name }) => post("/backstage/cohorts", { name: name.value }),
  });
  await changed(made && `The cohort ${made.name} was added.`);
}
