// The options of a clip: model, style, format, length, variations, seed, what to leave out.

import { choice } from "./choice.js";
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { priceOf, timeOf } from "./price.js";
import { capital, duration } from "./words.js";

const SHAPES = {
  "16:9": { icon: "wide", label: "Wide" },
  "9:16": { icon: "tall", label: "Tall" },
  "1:1": { icon: "square", label: "Square" },
};
const CLIPS_MAX = 4;
const KEPT = "greenroom-options";

export class Options {
  /** `fields`: the form's; `clips`: how many one may have under way. on.change() after each. */
  constructor(root, fields, offer, clips, on) {
    this.offer = offer;
    this.fields = fields;
    this.on = on;
    this.panel = root.querySelector(".options");
    this.button = root.querySelector(".more");
    this.figure = root.querySelector(".length .figure");
    this.summary = h("span", { class: "chosen" });
    this.ignored = root.querySelector(".ignored");
    const one = (name, take) => choice(root.querySelector(`.${name}`), (value) => this.choose(take(value)));
    this.variants = one("variants", (variant) => ({ variant }));
    this.shapes = one("aspects", (aspect) => ({ aspect }));
    this.sizes = one("sizes", (rank) => ({ rank: Number(rank) }));
    this.styles = one("styles", (style) => ({ style }));
    this.clips = one("clips", (count) => ({ clips: Number(count) }));
    this.mostClips = Math.min(CLIPS_MAX, clips);
    root.querySelector(".clips-row").hidden = this.mostClips < 2;
    this.button.replaceChildren(icon("sliders"), h("span", { class: "word" }, "Options"), this.summary);
    this.button.onclick = () => this.open(this.panel.hidden);
    root.querySelector(".dice").append(icon("dice"));
    root.querySelector(".dice").onclick = () => this.rollSeed();
    this.fill();
    this.listen();
    this.open(kept());
  }

  fill() {
    const { offer } = this;
    const standard = offer.sizes.find(({ width, height }) => `${width}x${height}` === offer.default.size);
    const rank = this.sizesOf(standard.aspect).indexOf(standard);
    this.chosen = { variant: offer.variants[0].name, style: "", aspect: standard.aspect, rank, clips: 1 };
    const shapes = Object.entries(SHAPES);
    this.shapes.offer(shapes.map(([value, row]) => ({ value, label: row.label, title: value, icon: icon(row.icon) })));
    const styles = offer.styles.map((style) => ({ value: style, label: capital(style) }));
    this.styles.offer([{ value: "", label: "No style" }, ...styles]);
    this.clips.offer(Array.from({ length: this.mostClips }, (_, i) => ({ value: String(i + 1), label: String(i + 1) })));
    this.variants.offer(offer.variants.map(({ name }) => ({ value: name, label: this.variantLabel(name) })));
    this.fields.seconds.value = offer.default.seconds;
    this.choose({});
  }

  listen() {
    const { seconds, seed, negative_prompt: without } = this.fields;
    seconds.addEventListener("input", () => this.choose({}));
    seed.addEventListener("input", () => {
      seed.value = seed.value.replace(/[^0-9]/g, "").slice(0, 10);
      this.choose({});
    });
    without.addEventListener("input", () => this.choose({}));
  }

  variantLabel(name) {
    const label = h("span", { class: "variant" }, capital(name), h("small", {}));
    label.dataset.variant = name;
    return label;
  }

  sizesOf(aspect) {
    return this.offer.sizes.filter((size) => size.aspect === aspect);
  }

  get size() {
    return this.sizesOf(this.chosen.aspect)[this.chosen.rank];
  }

  get seconds() {
    return Number(this.fields.seconds.value);
  }

  /** Take over `change` and show what follows from it. */
  choose(change) {
    const before = this.chosen.aspect;
    Object.assign(this.chosen, change);
    const { variant, style, aspect, rank, clips } = this.chosen;
    if (aspect !== before || !this.sizes.offered) this.offerSizes();
    this.variants.show(variant);
    this.shapes.show(aspect);
    this.sizes.show(rank);
    this.styles.show(style);
    this.clips.show(clips);
    this.ignored.hidden = variant !== "turbo";
    this.on.change();
  }

  offerSizes() {
    const options = this.sizesOf(this.chosen.aspect).map(({ width, height }, index) => ({
      value: String(index),
      label: `${Math.min(width, height)}p`,
      title: `${width} × ${height}`,
    }));
    this.sizes.offer(options, this.chosen.rank);
    this.sizes.offered = true;
  }

  /** Keep the length within what a beginning allows, and as long as there are scenes. */
  bound([least, most], scenes) {
    const { seconds } = this.fields;
    seconds.min = Math.min(Math.max(least, scenes), most);
    seconds.max = most;
    say(this.figure, `${this.seconds} s`);
  }

  /** What each variant would take here, and a line that says what is chosen. */
  tell(beginning) {
    const { size, seconds } = this;
    for (const label of this.panel.querySelectorAll("[data-variant]")) {
      const wish = { ...beginning, variant: label.dataset.variant, size, seconds };
      const took = timeOf(this.offer, wish);
      const ms = took ?? priceOf(this.offer, wish);
      say(label.querySelector("small"), `${took === null ? "perhaps" : "about"} ${duration(ms)}`);
      label.title = took === null ? "Not measured here yet: what is held for it" : "As the latest clips that were drawn here";
    }
    const { variant, style, aspect, clips } = this.chosen;
    const { seed } = this.fields;
    const parts = [capital(variant), SHAPES[aspect].label, `${Math.min(size.width, size.height)}p`, `${seconds} s`];
    if (style) parts.push(style);
    if (clips > 1) parts.push(`${clips} variations`);
    if (seed.value) parts.push(`seed ${seed.value}`);
    say(this.summary, parts.join(" · "));
  }

  rollSeed() {
    const [seed] = crypto.getRandomValues(new Uint32Array(1));
    this.fields.seed.value = seed;
    this.choose({});
  }

  /** Seeds of the clips that are asked for: those after a seed that was given, or "" for any. */
  get seeds() {
    const { seed } = this.fields;
    const next = (i) => (Number(seed.value) + i) % (this.offer.seed_max + 1);
    return Array.from({ length: this.chosen.clips }, (_, i) => (seed.value === "" ? "" : next(i)));
  }

  open(is) {
    this.panel.hidden = !is;
    this.button.setAttribute("aria-expanded", is);
    keep(is);
  }

  contains(field) {
    return this.panel.contains(field);
  }

  /** The options of `spec`, or of an example that says only some. */
  take(spec) {
    const { seconds, seed, negative_prompt: without } = this.fields;
    seconds.min = 1;
    seconds.max = this.offer.seconds_max;
    seconds.value = spec.seconds ?? this.offer.default.seconds;
    seed.value = spec.seed ?? "";
    without.value = spec.negative_prompt ?? "";
    const size = this.offer.sizes.find(({ width, height }) => width === spec.width && height === spec.height);
    const shape = size && { aspect: size.aspect, rank: this.sizesOf(size.aspect).indexOf(size) };
    const variant = spec.variant ? { variant: spec.variant } : {};
    this.choose({ ...shape, ...variant, style: spec.style ?? "", clips: 1 });
  }
}

function kept() {
  try {
    return localStorage.getItem(KEPT) === "open";
  } catch {
    return false; // storage is closed in some frames
  }
}

function keep(is) {
  try {
    localStorage.setItem(KEPT, is ? "open" : "closed");
  } catch {
    // then it is closed the next time
  }
}
