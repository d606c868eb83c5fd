// A button that opens a small list. Escape, a click elsewhere or a choice closes it.

import { h } from "./dom.js";

/** Fill `root` with `button` and a menu; `items()` gives the rows afresh at each opening. */
export function menu(root, button, items) {
  let list = null;
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  root.replaceChildren(button);

  function close(giveFocus) {
    list?.remove();
    list = null;
    button.setAttribute("aria-expanded", "false");
    if (giveFocus) button.focus();
  }

  function open() {
    list = h("div", { class: "menu-list", role: "menu" }, ...items(() => close(true)));
    root.append(list);
    button.setAttribute("aria-expanded", "true");
    list.querySelector("button")?.focus();
  }

  function move(step) {
    const rows = [...list.querySelectorAll("button")];
    const next = rows.indexOf(document.activeElement) + step;
    rows.at(next % rows.length)?.focus();
  }

  button.onclick = () => (list ? close(true) : open());
  root.addEventListener("keydown", (event) => {
    if (!list) return;
    if (event.key === "Tab") {
      close(false);
      return;
    }
    if (event.key === "Escape") close(true);
    else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", (event) => {
    if (list && !root.contains(event.target)) close(false);
  });
}
