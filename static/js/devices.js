// A tester's devices: which there are, letting one more in, removing one; below them their sessions
// and passkeys.

import { question, showSecret } from "./backstage/dialogs.js";
import { showPasskeys } from "./passkeys.js";
import { keepSessions } from "./sessions.js";
import { accountMenu, themeMenu, wordmark } from "./studio/bar.js";
import { h, say } from "./studio/dom.js";
import { get, post } from "./studio/server.js";
import { ago } from "./studio/words.js";

const find = (selector) => document.querySelector(selector);
const told = (sentence) => say(find(".announcer"), sentence);
const sessions = keepSessions(find("section:has(.sessions)"), told);

async function look() {
  const { devices, now } = await get("/devices/list");
  const rows = devices.map((device) =>
    h(
      "tr",
      { "data-device": device.id },
      h("td", {}, device.label, device.here && h("span", { class: "role" }, "this one")),
      h("td", { class: "soft" }, ago(device.last_used_at, now)),
      h("td", { class: "soft minor" }, ago(device.enrolled_at, now)),
      h("td", { class: "end" }, h("button", { type: "button", class: "button danger", onclick: () => remove(device) }, "Remove")),
    ),
  );
  const headings = ["Device", "Last used", "Added", ""].map((text, at) => h("th", { scope: "col", class: at === 2 && "minor" }, text));
  find(".devices").replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...headings)), h("tbody", {}, ...rows)));
}

async function remove(device) {
  const done = await question({
    title: `Remove ${device.label}?`,
    text: device.here
      ? "You are signed out here at once. To come back you need a sign-in link, made on another device or by an admin."
      : "It is signed out at once, and needs a new link to come back. A script that signs with this key stops working.",
    fields: [],
    go: "Remove",
    danger: true,
    act: () => post(`/devices/${device.id}/remove`),
  });
  if (!done) return;
  if (device.here) location.assign("/sign-in");
  told(`${device.label} was removed.`);
  await look();
  await sessions.offer(`${device.label} is out. Sessions elsewhere go on: end them too where somebody else may be there.`);
}

async function add() {
  try {
    const { link } = await post("/devices/link");
    showSecret({
      title: "A link for one more device",
      text: "Open it there within a quarter of an hour. It works once; send it to nobody else.",
      secret: link,
    });
  } catch (problem) {
    tell(problem);
  }
}

function tell(problem) {
  find(".banner").replaceChildren(problem.message, " ", h("a", { href: "/sign-in" }, "Sign in"));
  find(".banner").hidden = false;
}

wordmark(find(".wordmark"));
themeMenu(find(".theme-menu"));
find(".add-device").onclick = add;
find(".add-device").disabled = false;
accountMenu(find(".account-menu"), await get("/me"));
await look();
await sessions.look();
await showPasskeys(find("section:has(.passkeys)"), told, () => sessions.offer("Your passkeys have changed. Sessions elsewhere go on until you end them."));
