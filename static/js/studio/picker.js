// Choosing one of one's own clips. Escape, or a click beside it, chooses none.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** Resolves with one of `jobs`, which are finished, or null. */
export function pickClip(jobs, title) {
  return new Promise((resolve) => {
    const close = (job) => {
      dialog.remove();
      resolve(job);
    };
    const rows = jobs.map((job) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", title: job.spec.prompt, onclick: () => close(job) },
          h("img", { src: job.clip.poster, alt: "", loading: "lazy" }),
          h("span", {}, job.spec.prompt),
        ),
      ),
    );
    const dialog = h(
      "dialog",
      { class: "picker", "aria-label": title, onclose: () => close(null) },
      h(
        "header",
        {},
        h("h2", {}, title),
        h("button", { type: "button", class: "button quiet icon", "aria-label": "Close", onclick: () => close(null) }, icon("cross")),
      ),
      rows.length
        ? h("ul", {}, ...rows)
        : h("p", {}, "There is no other finished clip yet. Make one, then blend the two."),
    );
    dialog.addEventListener("click", (event) => event.target === dialog && close(null));
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("li button")?.focus();
  });
}
