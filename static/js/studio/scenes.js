// The prompt: one text, or several scenes that follow each other in equal spans of the clip.

import { h, say } from "./dom.js";
import { icon } from "./icons.js";

export class Scenes {
  /** `root` holds the first scene. on: change() after each, say(sentence) for screen readers. */
  constructor(root, most, on) {
    this.root = root;
    this.most = most;
    this.on = on;
    this.dress(root.querySelector(".scene"));
    this.seconds = 1;
    root.addEventListener("input", () => this.grow());
    root.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.grow()).observe(root);
  }

  get fields() {
    return [...this.root.querySelectorAll("textarea")];
  }

  get texts() {
    return this.fields.map((field) => field.value);
  }

  get isFull() {
    return this.fields.length >= this.most;
  }

  /** Show these texts, at least one. */
  set(texts) {
    while (this.fields.length > texts.length) this.root.lastElementChild.remove();
    while (this.fields.length < texts.length) this.append();
    this.fields.forEach((field, i) => (field.value = texts[i]));
    this.show();
  }

  add() {
    if (this.isFull) return;
    this.append();
    this.show();
    this.on.change();
    this.fields.at(-1).focus();
  }

  append() {
    const field = h("textarea", { rows: 1, placeholder: "And then", "aria-describedby": "composer-note strange-words" });
    const scene = h("li", { class: "scene" }, field);
    this.dress(scene);
    this.root.append(scene);
  }

  /** What stands around a scene once there are several. */
  dress(scene) {
    const button = (name, act) =>
      h("button", { type: "button", class: `button quiet icon ${name}`, onclick: () => act(this.place(scene)) }, icon(name));
    scene.prepend(h("span", { class: "span", "aria-hidden": "true" }));
    scene.append(
      h(
        "span",
        { class: "scene-tools" },
        button("up", (i) => this.move(i, -1)),
        button("down", (i) => this.move(i, 1)),
        button("cross", (i) => this.remove(i)),
      ),
    );
  }

  place(scene) {
    return [...this.root.children].indexOf(scene);
  }

  /** Scenes trade texts; the boxes stay, and so does the one whose label is “Prompt”. */
  move(i, step) {
    const to = i + step;
    const texts = this.texts;
    if (to < 0 || to >= texts.length) return;
    [texts[i], texts[to]] = [texts[to], texts[i]];
    this.set(texts);
    this.on.change();
    this.on.say(`Scene ${i + 1} is now scene ${to + 1}.`);
    const scene = this.root.children[to];
    const way = scene.querySelector(step < 0 ? ".up" : ".down");
    (way.disabled || this.fields.includes(document.activeElement) ? this.fields[to] : way).focus();
  }

  remove(i) {
    const texts = this.texts;
    if (texts.length === 1) return;
    texts.splice(i, 1);
    this.set(texts);
    this.on.change();
    this.on.say(`Scene ${i + 1} removed.`);
    this.fields[Math.min(i, texts.length - 1)].focus();
  }

  key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const i = this.fields.indexOf(event.target);
    if (!step || !event.altKey || i < 0) return;
    event.preventDefault();
    this.move(i, step);
  }

  /** `seconds` of the clip: each scene says which of them are its own. */
  show(seconds = this.seconds) {
    this.seconds = seconds;
    const fields = this.fields;
    const count = fields.length;
    const at = (i) => Number(((seconds * i) / count).toFixed(1));
    this.root.classList.toggle("several", count > 1);
    fields[0].rows = count > 1 ? 1 : 2;
    fields.forEach((field, i) => {
      const scene = field.closest(".scene");
      say(scene.querySelector(".span"), `${at(i)}–${at(i + 1)} s`);
      const name = count > 1 ? `Scene ${i + 1}` : "Prompt";
      if (i > 0) field.setAttribute("aria-label", name);
      else say(scene.querySelector("label"), name);
      for (const [kind, word] of [["up", "Move up"], ["down", "Move down"], ["cross", "Remove"]]) {
        const button = scene.querySelector(`.${kind}`);
        button.setAttribute("aria-label", `${word}: scene ${i + 1}`);
        button.title = kind === "cross" ? "Remove" : `${word} (Alt ${kind === "up" ? "↑" : "↓"})`;
        button.disabled = (kind === "up" && i === 0) || (kind === "down" && i === count - 1);
      }
    });
    this.grow();
  }

  grow() {
    for (const field of this.fields) {
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight}px`;
    }
  }
}
