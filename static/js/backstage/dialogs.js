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
  const confirm = h("button", { type: "submit", class: `button primary${danger ? " danger" : ""}` }, go);
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
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** The only time a token is shown. */
export function showToken(name, token) {
  const copy = h("button", { type: "button", class: "button primary copy" }, icon("copy"), "Copy");
  const done = h("button", { type: "button", class: "button done" }, "Done");
  const text = h("p", { class: "secret" }, token);
  const dialog = h(
    "dialog",
    { "aria-label": "New token" },
    h("h3", {}, `Token for ${name}`),
    h("p", {}, "Shown this once. Whoever holds it can make clips in their name: send it to nobody else."),
    text,
    h("div", { class: "choices" }, done, copy),
  );
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(token);
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
