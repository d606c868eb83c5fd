// A tester's passkeys on the page of their devices: which there are, adding, naming and removing one.

import { field, question } from "./backstage/dialogs.js";
import { table } from "./backstage/tables.js";
import { h, say } from "./studio/dom.js";
import { askForPasskey, withTouch } from "./studio/passkeys.js";
import { get, post } from "./studio/server.js";
import { ago } from "./studio/words.js";

/** Keep the section `root` up to date; `told(sentence)` is for screen readers, `after()` a passkey came or went. */
export async function showPasskeys(root, told, after) {
  const look = async () => {
    const { passkeys, asked, how_often: howOften, now } = await get("/passkeys");
    const rows = passkeys.map((passkey) => row(passkey, now, { changed, cameOrWent }));
    root.querySelector(".passkeys").replaceChildren(table(["Passkey", "Last used", "~Added", ""], rows, "None yet."));
    say(
      root.querySelector(".passkeys-why"),
      asked
        ? `You are asked to touch one ${howOften}. Keep two: who loses their only one needs an admin.`
        : "Nobody asks you for one at present. Where an admin does, you touch it before you go on making clips.",
    );
  };
  const changed = async (sentence) => {
    if (!sentence) return;
    told(sentence);
    await look();
  };
  const cameOrWent = async (sentence) => {
    await changed(sentence);
    if (sentence) await after();
  };
  const add = root.querySelector(".add-passkey");
  add.onclick = async () => {
    const made = await askForPasskey("Add a passkey");
    await cameOrWent(made && `${made.label} was added.`);
  };
  await look();
  add.disabled = false;
}

function row(passkey, now, { changed, cameOrWent }) {
  const { id, label, last_used_at: used, enrolled_at: added } = passkey;
  return h(
    "tr",
    { "data-passkey": id },
    h("td", {}, label),
    h("td", { class: "soft" }, used ? ago(used, now) : "never"),
    h("td", { class: "soft minor" }, ago(added, now)),
    h(
      "td",
      { class: "end" },
      h("button", { type: "button", class: "button", onclick: () => rename(passkey, changed) }, "Rename"),
      h("button", { type: "button", class: "button danger", onclick: () => remove(passkey, cameOrWent) }, "Remove"),
    ),
  );
}

async function rename({ id, label }, changed) {
  const done = await question({
    title: `Rename ${label}`,
    fields: [field("What you call it", { name: "label", maxlength: 60, autocomplete: "off", value: label })],
    go: "Rename",
    act: (form) => post(`/passkeys/${id}/name`, { label: form.label.value }),
  });
  await changed(done && `${label} has a new name.`);
}

async function remove({ id, label }, cameOrWent) {
  const done = await question({
    title: `Remove ${label}?`,
    text: "It shows nobody any more that it is you. You touch one of yours for this, the one itself if need be.",
    fields: [],
    go: "Remove",
    danger: true,
    act: () => withTouch(() => post(`/passkeys/${id}/remove`)),
  });
  await cameOrWent(done && `${label} was removed.`);
}
