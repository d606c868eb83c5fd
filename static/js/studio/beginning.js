// What a clip begins with: nothing, pictures of one's own, or clips of one's own.

import { choice } from "./choice.js";
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { post } from "./server.js";
import { quoted } from "./words.js";

const NOTHING = { operation: "text", sources: [] };
const WAYS = [
  { value: "extend", label: "Forwards" },
  { value: "extend_back", label: "Backwards" },
];

export class Beginning {
  /** on: change(), problem(problem), busy(is), left() once a button here is gone, find(id) → a job or undefined. */
  constructor(root, offer, fileInput, on) {
    this.root = root;
    this.offer = offer;
    this.on = on;
    this.files = fileInput;
    this.slot = 0;
    this.strength = offer.default.strength;
    this.now = NOTHING;
    fileInput.addEventListener("change", () => {
      if (fileInput.files[0]) this.bring(fileInput.files[0]);
      fileInput.value = "";
    });
  }

  get operation() {
    return this.now.operation;
  }

  get sources() {
    return this.now.sources;
  }

  /** The fewest and the most seconds a clip with this beginning can have. */
  get seconds() {
    const most = this.offer.seconds_max;
    const [source] = this.sources;
    const given = source && this.on.find(source)?.spec.seconds;
    if (given && this.operation.startsWith("extend")) return [Math.min(given + 1, most), most];
    if (given && this.operation === "remix") return [1, given];
    return [1, most];
  }

  get canTakePicture() {
    return this.operation !== "image" || this.sources.filter(Boolean).length < 2;
  }

  /** The same beginning as `spec`'s. */
  take({ operation = "text", sources = [], strength }) {
    this.strength = strength ?? this.offer.default.strength;
    this.be({ operation, sources: [...sources] });
  }

  /** Begin with finished clips, by `operation`. */
  with(operation, ...jobs) {
    this.be({ operation, sources: jobs.map(({ id }) => id) });
  }

  clear() {
    this.be(NOTHING);
    this.on.left();
  }

  be(now) {
    this.now = now;
    this.show();
    this.on.change();
  }

  /** Let the artist choose a file for the first picture, or for the last. */
  choose(slot = this.freeSlot) {
    this.slot = slot;
    this.files.click();
  }

  /** 0 where the first picture is missing, 1 where the last is. */
  get freeSlot() {
    return this.operation === "image" && this.sources[0] ? 1 : 0;
  }

  async bring(file, slot = this.slot) {
    if (file.size > this.offer.picture_max_bytes) {
      const most = Math.floor(this.offer.picture_max_bytes / 2 ** 20);
      this.on.problem({ message: `This picture has more than ${most} MB: choose a smaller file.` });
      return;
    }
    this.on.busy(true);
    try {
      const { id } = await post("/pictures", file);
      const sources = this.operation === "image" ? [...this.sources] : [];
      sources[slot] = id;
      this.be({ operation: "image", sources: [sources[0] ?? "", ...(sources[1] ? [sources[1]] : [])] });
      this.on.left();
    } catch (problem) {
      this.on.problem(problem);
    } finally {
      this.on.busy(false);
    }
  }

  drop(slot) {
    const [first = "", last = ""] = this.sources;
    const left = slot === 0 ? ["", last] : [first];
    this.be(left.some(Boolean) ? { operation: "image", sources: left } : NOTHING);
    this.on.left();
  }

  show() {
    const { operation } = this.now;
    this.root.hidden = operation === "text";
    this.root.dataset.operation = operation;
    if (operation === "text") this.root.replaceChildren();
    else if (operation === "image") this.root.replaceChildren(...this.pictures());
    else this.root.replaceChildren(...this.clips());
  }

  pictures() {
    return ["First", "Last"].map((name, slot) => {
      const source = this.sources[slot];
      if (!source) {
        return h(
          "button",
          { type: "button", class: "button quiet add-slot", onclick: () => this.choose(slot) },
          icon("plus"),
          `${name} picture`,
        );
      }
      return h(
        "span",
        { class: "given" },
        picture(source),
        h("span", {}, `${name} picture`),
        remove(`Remove the ${name.toLowerCase()} picture`, () => this.drop(slot)),
      );
    });
  }

  clips() {
    const { operation, sources } = this.now;
    const named = (id) => {
      const job = this.on.find(id);
      return job ? quoted(job.spec.prompt) : "an earlier clip";
    };
    const sentence = {
      extend: () => `Extends ${named(sources[0])}`,
      extend_back: () => `Extends ${named(sources[0])}`,
      loop: () => (sources.length ? `Loops ${named(sources[0])}` : "A loop: its end meets its beginning"),
      remix: () => `Remixes ${named(sources[0])}`,
      blend: () => `Blends ${named(sources[0])} into ${named(sources[1])}`,
    }[operation]();
    return [
      h("span", { class: "given" }, ...sources.map(picture), h("span", {}, sentence)),
      operation.startsWith("extend") && this.ways(),
      operation === "remix" && this.slider(),
      remove("Begin with nothing", () => this.clear()),
    ].filter(Boolean);
  }

  ways() {
    const root = h("div", { class: "segments", role: "radiogroup", "aria-label": "Direction" });
    choice(root, (operation) => {
      this.now = { ...this.now, operation };
      this.on.change();
    }).offer(WAYS, this.operation);
    return root;
  }

  slider() {
    const figure = h("span", { class: "figure" });
    const share = () => `${Math.round(this.strength * 100)} %`;
    say(figure, share());
    const input = h("input", {
      type: "range", min: 0.1, max: 1, step: 0.05, value: this.strength, "aria-label": "How far it may change",
    });
    input.setAttribute("aria-valuetext", share());
    input.addEventListener("input", () => {
      this.strength = Number(input.value);
      input.setAttribute("aria-valuetext", share());
      say(figure, share());
      this.on.change();
    });
    return h("label", { class: "strength" }, h("span", { class: "label" }, "Change"), input, figure);
  }
}

/** Where the still of a source is. */
export function stillOf(source) {
  return source.startsWith("picture_") ? `/pictures/${source}.jpg` : `/clips/${source}.jpg`;
}

/** A small still of a source; nothing where it is gone. */
export function picture(source) {
  const image = h("img", { src: stillOf(source), alt: "", loading: "lazy" });
  image.onerror = () => image.remove();
  return image;
}

function remove(label, onclick) {
  return h("button", { type: "button", class: "button quiet icon remove", "aria-label": label, title: label, onclick }, icon("cross"));
}
