// One of several, as buttons in a row: a radio group with the arrow keys people expect.

import { h } from "./dom.js";

/** Fill `root`; each option is { value, label, title?, icon? }. `onChoose(value)` after a choice. */
export function choice(root, onChoose) {
  let buttons = [];

  function show(value) {
    for (const button of buttons) {
      const chosen = button.value === String(value);
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen ? 0 : -1;
    }
  }

  function offer(options, value) {
    buttons = options.map((option) =>
      h(
        "button",
        {
          type: "button",
          role: "radio",
          value: option.value,
          title: option.title,
          onclick: () => choose(option.value),
        },
        option.icon,
        option.label,
      ),
    );
    root.replaceChildren(...buttons);
    show(value);
  }

  function choose(value) {
    show(value);
    onChoose(value);
  }

  root.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const here = buttons.indexOf(document.activeElement);
    const next = buttons.at((here + step) % buttons.length);
    next.focus();
    choose(next.value);
  });

  return { offer, show };
}
