// Questions backstage asks before it does something.

import { h, say } from "../studio/dom.js";
import { icon } from "../studio/icons.js";

/**
 * A dialog with a form. `act(form)` does the thing and may throw a Problem, whose sentence is
 * shown; whatever it returns closes the dialog and is what the promise resolves with.
 * Resolves with null when the person thinks better of it.
 */
export function question({ title, text, fields, go, danger, act }) {
  const wrong = h("p", { class: "wrong", role: "alert" });
  const first = !fields.length && !danger; // nothing to fill in, nothing to think over
  const confirm = h("button", { type: "submit", class: `button primary${danger ? " danger" : ""}`, autofocus: first }, go);
  const cancel = h("button", { type: "button", class: "button" }, "Cancel");
  const form = h("form", { novalidate: true }, ...fields, wrong, h("div", { class: "choices" }, cancel, confirm));
  const dialog = h("dialog", { "aria-label": title }, h("h3", {}, title), text ? h("p", {}, text) : null, form);

  return new Promise((resolve) => {
    const leave = (result) => {
      dialog.remove();
      resolve(result);
    };
    cancel.onclick = () => leave(null);
    dialog.addEventListener("cancel", () => leave(null));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      confirm.disabled = true;
      try {
        leave((await act(form.elements)) ?? true);
      } catch (problem) {
        confirm.disabled = false;
        say(wrong, problem.message);
      }
    });
    // The studio's body is Gradio's: only what stands in our part of it looks as it should.
    (document.querySelector(".studio") ?? document.body).append(dialog);
    dialog.showModal();
  });
}

/** A labelled input for a question's `fields`. */
export function field(label, attributes) {
  return h("label", { class: "field" }, h("span", { class: "label" }, label), h("input", attributes));
}

/** The only time a token is shown. */
export function showToken(name, token) {
  showSecret({
    title: `Token for ${name}`,
    text: "Shown this once. It lets in the first device that signs in with it, and no other: hand it to them yourself.",
    secret: token,
  });
}

/** The only time an invite's link is shown. */
export function showInvite({ name, link }) {
  showSecret({
    title: name ? `Invite for ${name}` : "Invite",
    text: "Shown this once. It lets in one person, once, within a day: hand it to them yourself, nothing is sent.",
    secret: link,
  });
}

/** Show `secret` this once, to be copied. */
export function showSecret({ title, text: what, secret }) {
  const copy = h("button", { type: "button", class: "button primary copy" }, icon("copy"), "Copy");
  const done = h("button", { type: "button", class: "button done" }, "Done");
  const text = h("p", { class: "secret" }, secret);
  const dialog = h(
    "dialog",
    { "aria-label": title },
    h("h3", {}, title),
    h("p", {}, what),
    text,
    h("div", { class: "choices" }, done, copy),
  );
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      copy.replaceChildren(icon("copy"), "Copied");
    } catch {
      getSelection().selectAllChildren(text); // no clipboard without https: press Ctrl C
      copy.replaceChildren(icon("copy"), "Selected: press Ctrl C");
    }
  };
  const leave = () => dialog.remove();
  done.onclick = leave;
  dialog.addEventListener("close", leave);
  document.body.append(dialog);
  dialog.showModal();
}
