// The bar at the top: name, what is left today, theme, account.

import { question } from "../backstage/dialogs.js";
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";
import { withTouch } from "./passkeys.js";
import { post } from "./server.js";
import { allowanceLeft } from "./words.js";

const THEMES = [
  ["light", "Light", "sun"],
  ["dark", "Dark", "moon"],
  ["system", "As the system", "screen"],
];

export function wordmark(root) {
  root.replaceChildren(icon("door"), "Greenroom");
}

export function themeMenu(root) {
  const { chosen, choose } = window.greenroomTheme;
  const button = h("button", { type: "button", class: "button quiet icon", "aria-label": "Light or dark", title: "Light or dark" });
  const show = () => button.replaceChildren(icon(THEMES.find(([value]) => value === chosen())?.[2] ?? "screen"));
  show();
  menu(root, button, (close) =>
    THEMES.map(([value, label, name]) =>
      h(
        "button",
        {
          type: "button",
          role: "menuitemradio",
          "aria-checked": String(chosen() === value),
          onclick: () => {
            choose(value);
            show();
            close();
          },
        },
        icon(name),
        label,
      ),
    ),
  );
}

export function accountMenu(root, { name, is_admin: isAdmin, may_review: mayReview, provider }) {
  const initial = h("span", { class: "initial", "aria-hidden": "true" }, [...name][0].toUpperCase());
  const button = h(
    "button",
    { type: "button", class: "button quiet account", "aria-label": `Account of ${name}` },
    initial,
    h("span", { class: "name" }, name),
    icon("chevron"),
  );
  const go = (path) => () => location.assign(path);
  menu(root, button, () => [
    h("p", {}, isAdmin ? `${name} · admin` : mayReview ? `${name} · reviewer` : name),
    isAdmin && item("door", "Backstage", go("/backstage")),
    mayReview && item("check", "Reviews", go("/backstage/reviews")),
    isAdmin && item("pencil", "Studio", go("/")),
    provider && item("door", `Connect ${provider}`, connect),
    item("picture", "Review and sharing", go("/showing")),
    item("alert", "Feedback", go("/feedback")),
    item("hourglass", "Your ledger", go("/ledger")),
    item("copy", "Your data", go("/data")),
    item("pencil", "Open calls", go("/calls")),
    item("scenes", "Transparency", go("/transparency/inside")),
    item("screen", "Your devices", go("/devices")),
    item("loop", "Your webhooks", go("/webhooks")),
    item("out", "Sign out", signOut),
  ]);
}

function item(name, label, onclick) {
  return h("button", { type: "button", role: "menuitem", onclick }, icon(name), label);
}

async function signOut() {
  try {
    await post("/sign-out");
  } finally {
    location.assign("/sign-in");
  }
}

/** The bar of the studio; returns a function that shows a fresh `me`. */
export function studioBar(root, me) {
  const allowance = root.querySelector(".allowance");
  wordmark(root.querySelector(".wordmark"));
  themeMenu(root.querySelector(".theme-menu"));
  accountMenu(root.querySelector(".account-menu"), me);
  root.querySelector(".to-backstage").hidden = !me.is_admin;
  const bar = root.querySelector(".bar");
  addEventListener("scroll", () => bar.classList.toggle("lifted", scrollY > 8), { passive: true });
  const [full, short] = [h("span", { class: "full" }), h("span", { class: "short" })];
  allowance.replaceChildren(full, short);
  const show = (fresh) => {
    const [long, brief] = allowanceLeft(fresh.allowance);
    say(full, long);
    say(short, brief);
  };
  show(me);
  return show;
}

/** To the provider, so that it can sign this tester in from now on: after a touch, or a fresh sign-in. */
async function connect() {
  try {
    const { address } = await withTouch(() => post("/me/provider"));
    location.assign(address);
  } catch (problem) {
    if (problem.code === "step_up_required") return; // they thought better of it
    const again = problem.code === "not_granted";
    await question({
      title: again ? "Sign in again first" : "This did not work",
      text: problem.message,
      fields: [],
      go: again ? "Sign out" : "All right",
      act: again ? signOut : async () => {},
    });
  }
}
