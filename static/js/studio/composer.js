// The prompt bar: what to draw, how large, how long, and what that costs.

import { choice } from "./choice.js";
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { price } from "./words.js";

const SHAPES = {
  "16:9": { icon: "wide", label: "Wide" },
  "9:16": { icon: "tall", label: "Tall" },
  "1:1": { icon: "square", label: "Square" },
};
const COUNT_FROM = 0.8; // of the longest prompt, the count of characters shows
const SUBMIT_KEY = /Mac|iP(hone|ad)/.test(navigator.userAgent) ? "⌘ ↵" : "Ctrl ↵";

export class Composer {
  /** `submit(wish)` resolves when the clip is on the wall, or throws a Problem. */
  constructor(root, offer, submit) {
    this.offer = offer;
    this.submit = submit;
    this.form = root.querySelector(".composer");
    this.fields = this.form.elements;
    this.body = root.querySelector(".composer-body");
    this.note = root.querySelector(".composer-note");
    this.lengthFigure = root.querySelector(".length .figure");
    this.priceTag = root.querySelector(".price");
    this.generate = root.querySelector(".generate");
    this.moreButton = root.querySelector(".more");
    this.extras = root.querySelector(".extras");
    this.shapes = choice(root.querySelector(".aspects"), (aspect) => this.choose({ aspect }));
    this.sizes = choice(root.querySelector(".sizes"), (rank) => this.choose({ rank: Number(rank) }));
    this.styles = choice(root.querySelector(".styles"), (style) => this.choose({ style }));
    root.querySelector(".dice").append(icon("dice"));
    root.querySelector(".dice").onclick = () => this.rollSeed();
    this.busy(false);
    this.fillChoices();
    this.listen();
  }

  fillChoices() {
    const standard = this.offer.sizes.find(
      ({ width, height }) => `${width}x${height}` === this.offer.default.size,
    );
    const rank = this.sizesOf(standard.aspect).indexOf(standard);
    this.shapes.offer(
      Object.entries(SHAPES).map(([value, { icon: name, label }]) => ({
        value,
        label,
        title: value,
        icon: icon(name),
      })),
      standard.aspect,
    );
    const styles = this.offer.styles.map((style) => ({ value: style, label: capital(style) }));
    this.styles.offer([{ value: "", label: "No style" }, ...styles], "");
    this.fields.seconds.max = this.offer.seconds_max;
    this.fields.seconds.value = this.offer.default.seconds;
    this.choose({ aspect: standard.aspect, rank, style: "" });
  }

  listen() {
    const { seconds, seed } = this.fields;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      this.send();
    });
    this.form.addEventListener("input", () => {
      this.calm();
      this.measure();
    });
    new ResizeObserver(() => this.grow()).observe(this.form);
    seconds.addEventListener("input", () => this.choose({}));
    seed.addEventListener("input", () => (seed.value = seed.value.replace(/[^0-9]/g, "").slice(0, 10)));
    this.moreButton.onclick = () => this.showExtras(this.extras.hidden);
  }

  sizesOf(aspect) {
    return this.offer.sizes.filter((size) => size.aspect === aspect);
  }

  get size() {
    return this.sizesOf(this.chosen.aspect)[this.chosen.rank];
  }

  /** Take over `change` and show everything that follows from it: sizes, length, price. */
  choose(change) {
    this.chosen = { ...this.chosen, ...change };
    const { aspect, rank, style } = this.chosen;
    const seconds = Number(this.fields.seconds.value);
    if (change.aspect) this.offerSizes(aspect);
    this.shapes.show(aspect);
    this.sizes.show(rank);
    this.styles.show(style);
    say(this.lengthFigure, `${seconds} s`);
    say(this.priceTag, price(this.size.gpu_ms[seconds - 1]));
    this.calm();
  }

  grow() {
    const { prompt } = this.fields;
    prompt.style.height = "auto";
    prompt.style.height = `${prompt.scrollHeight}px`;
  }

  offerSizes(aspect) {
    const options = this.sizesOf(aspect).map(({ width, height }, index) => ({
      value: String(index),
      label: `${Math.min(width, height)}p`,
      title: `${width} × ${height}`,
    }));
    this.sizes.offer(options, this.chosen.rank);
  }

  measure() {
    this.grow();
    const { prompt } = this.fields;
    const most = this.offer.prompt_max_chars;
    const length = [...prompt.value.trim()].length;
    if (length > most) this.complain(`${length - most} characters too many: shorten the prompt.`, "prompt");
    else if (length > most * COUNT_FROM) say(this.note, `${length} of ${most} characters`);
  }

  rollSeed() {
    const [seed] = crypto.getRandomValues(new Uint32Array(1));
    this.fields.seed.value = seed;
  }

  showExtras(open) {
    this.extras.hidden = !open;
    this.moreButton.setAttribute("aria-expanded", open);
    say(this.moreButton, open ? "Less" : "More");
  }

  wish() {
    const { prompt, negative_prompt: without, seconds, seed } = this.fields;
    return {
      prompt: prompt.value,
      negative_prompt: without.value,
      width: this.size.width,
      height: this.size.height,
      seconds: Number(seconds.value),
      seed: seed.value,
      style: this.chosen.style,
    };
  }

  async send() {
    if (this.generate.disabled || this.body.disabled) return;
    if (!this.fields.prompt.value.trim()) {
      this.complain("Say in a sentence what the clip shows.", "prompt");
      return;
    }
    this.busy(true);
    try {
      await this.submit(this.wish());
      this.calm();
    } catch (problem) {
      this.complain(problem.message, problem.field);
    } finally {
      this.busy(false);
    }
  }

  busy(on) {
    this.generate.disabled = on;
    const key = h("kbd", { "aria-hidden": "true" }, SUBMIT_KEY);
    this.generate.replaceChildren(on ? "Sending …" : "Generate", key);
  }

  complain(sentence, field) {
    this.note.classList.add("wrong");
    say(this.note, sentence);
    const named = field && this.fields[field];
    if (!named) return;
    if (this.extras.contains(named)) this.showExtras(true);
    named.setAttribute("aria-invalid", "true");
    named.focus();
  }

  calm() {
    this.note.classList.remove("wrong");
    say(this.note, "");
    for (const field of this.form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  }

  /** Put a clip's settings, or an example's, into the bar. */
  take(spec) {
    const { prompt, negative_prompt: without, seconds, seed } = this.fields;
    prompt.value = spec.prompt;
    without.value = spec.negative_prompt ?? "";
    seconds.value = spec.seconds ?? this.offer.default.seconds;
    seed.value = spec.seed ?? "";
    const size = this.offer.sizes.find(({ width, height }) => width === spec.width && height === spec.height);
    const shape = size && { aspect: size.aspect, rank: this.sizesOf(size.aspect).indexOf(size) };
    this.choose({ ...shape, style: spec.style ?? "" });
    this.showExtras(Boolean(without.value || seed.value));
    this.measure();
    this.focus();
  }

  focus() {
    this.fields.prompt.focus({ preventScroll: true });
    this.form.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  close() {
    this.body.disabled = true;
    this.calm();
  }
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
