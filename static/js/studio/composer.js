// The prompt bar: what to draw, what it begins with, how, and what that costs.

import { Beginning } from "./beginning.js";
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { Options } from "./options.js";
import { priceOf } from "./price.js";
import { Scenes } from "./scenes.js";
import { StrangeWords } from "./strange.js";
import { price } from "./words.js";

const COUNT_FROM = 0.8; // of the longest prompt, the count of characters shows
const SUBMIT_KEY = /Mac|iP(hone|ad)/.test(navigator.userAgent) ? "⌘ ↵" : "Ctrl ↵";
const READING = "Reading the picture …";
const IN_BEGINNING = ["operation", "sources", "strength", "picture"];

export class Composer {
  /**
   * `submit(wish)` resolves when the clip is on the wall, or throws a Problem.
   * `concurrent`: clips one may have under way; `find(id)`: a job on the wall, or undefined;
   * `announce(sentence)`: for screen readers.
   */
  constructor(root, offer, { submit, concurrent, find, announce }) {
    this.offer = offer;
    this.submit = submit;
    this.form = root.querySelector(".composer");
    this.fields = this.form.elements;
    this.body = root.querySelector(".composer-body");
    this.note = root.querySelector(".composer-note");
    this.priceTag = root.querySelector(".price");
    this.generate = root.querySelector(".generate");
    this.pictureButton = root.querySelector(".add-picture");
    this.sceneButton = root.querySelector(".add-scene");
    const change = () => {
      this.calm();
      this.changed();
    };
    this.scenes = new Scenes(root.querySelector(".scenes"), offer.scenes_max, { change, say: announce });
    this.strange = new StrangeWords(root.querySelector(".strange-words"), this.scenes, offer);
    this.beginning = new Beginning(root.querySelector(".beginning"), offer, root.querySelector(".picture-file"), {
      change,
      problem: (problem) => this.complain(problem.message, "picture"),
      busy: (is) => this.uploading(is),
      left: () => this.fields.prompt.focus(),
      find,
    });
    this.options = new Options(root, this.fields, offer, concurrent, { change });
    this.pictureButton.append(icon("picture"), h("span", { class: "word" }, "Picture"));
    this.sceneButton.append(icon("scenes"), h("span", { class: "word" }, "Scene"));
    this.busy(false);
    this.listen();
    this.changed();
  }

  listen() {
    this.pictureButton.onclick = () => this.beginning.choose();
    this.sceneButton.onclick = () => this.addScene();
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
    this.form.addEventListener("paste", (event) => this.receive(event, event.clipboardData));
    this.form.addEventListener("drop", (event) => this.receive(event, event.dataTransfer));
    this.form.addEventListener("dragover", (event) => {
      if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
    });
  }

  /** A picture that was pasted, or dropped on the bar. */
  receive(event, { files }) {
    const file = [...files].find(({ type }) => type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    if (this.beginning.canTakePicture) this.beginning.bring(file, this.beginning.freeSlot);
  }

  addScene() {
    const { seconds } = this.fields;
    this.scenes.add();
    const count = this.scenes.fields.length;
    if (this.options.seconds < count) seconds.value = count;
    this.changed();
  }

  /** Something was chosen: everything that follows from it. */
  changed() {
    if (!this.options) return; // still being put together
    this.strange.hear();
    const count = this.scenes.fields.length;
    const [least, most] = this.beginning.seconds;
    this.options.bound([least, most], count);
    const { operation, sources, strength } = this.beginning;
    this.options.tell({ operation, sources, strength });
    this.scenes.show(this.options.seconds);
    const { variant, clips } = this.options.chosen;
    const { size, seconds } = this.options;
    const gpuMs = priceOf(this.offer, { variant, size, seconds, operation, sources, strength });
    say(this.priceTag, price(gpuMs, clips));
    this.pictureButton.hidden = !["text", "image"].includes(operation) || !this.beginning.canTakePicture;
    this.sceneButton.hidden = !["text", "image"].includes(operation) || this.scenes.isFull;
  }

  measure() {
    const most = this.offer.prompt_max_chars;
    const longest = Math.max(...this.scenes.texts.map((text) => [...text.trim()].length));
    if (longest > most) this.complain(`${longest - most} characters too many: shorten the prompt.`, "prompt");
    else if (longest > most * COUNT_FROM) say(this.note, `${longest} of ${most} characters`);
  }

  wish() {
    const { operation, sources, strength } = this.beginning;
    const { size, seconds, chosen } = this.options;
    const texts = this.scenes.texts;
    return {
      prompt: texts[0],
      storyboard: texts.length > 1 ? texts : [],
      negative_prompt: this.fields.negative_prompt.value,
      variant: chosen.variant,
      style: chosen.style,
      width: size.width,
      height: size.height,
      seconds,
      operation,
      sources,
      ...(operation === "remix" ? { strength } : {}),
    };
  }

  async send() {
    if (this.generate.disabled || this.body.disabled) return;
    const empty = this.scenes.fields.find((field) => !field.value.trim());
    if (empty) {
      const scene = this.scenes.fields.length > 1 ? "this scene" : "the clip";
      this.complain(`Say in a sentence what ${scene} shows.`, empty);
      return;
    }
    const wish = this.wish();
    const seeds = this.options.seeds;
    let made = 0;
    this.busy(true);
    try {
      for (const seed of seeds) {
        await this.submit({ ...wish, seed });
        made += 1;
      }
      this.calm();
    } catch (problem) {
      const some = made ? `${made} of ${seeds.length} are on their way. ` : "";
      this.complain(some + problem.message, problem.field);
    } finally {
      this.busy(false);
    }
  }

  busy(on) {
    this.generate.disabled = on;
    const key = h("kbd", { "aria-hidden": "true" }, SUBMIT_KEY);
    this.generate.replaceChildren(on ? "Sending …" : "Generate", key);
  }

  uploading(on) {
    this.generate.disabled = on;
    this.pictureButton.disabled = on;
    if (on) this.calm();
    if (on) say(this.note, READING);
    else if (this.note.textContent === READING) say(this.note, "");
  }

  /** `field`: an element, or the name of one. */
  complain(sentence, field) {
    this.note.classList.add("wrong");
    say(this.note, sentence);
    const shown = { storyboard: this.scenes.fields.at(-1), prompt: this.fields.prompt };
    const named = field instanceof Element ? field : shown[field] ?? this.fields[field];
    if (!named || IN_BEGINNING.includes(field)) return;
    if (this.options.contains(named)) this.options.open(true);
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
    this.scenes.set(spec.storyboard?.length ? spec.storyboard : [spec.prompt]);
    this.beginning.take(spec);
    this.options.take(spec);
    this.measure();
    this.focus();
  }

  /** Begin a new clip with `job`'s, by `operation`; `other` is the second of a blend. */
  begin(operation, job, other) {
    const { seconds } = job.spec;
    const most = this.offer.seconds_max;
    const length = {
      extend: Math.min(most, seconds + 2),
      extend_back: Math.min(most, seconds + 2),
      blend: Math.min(most, seconds + (other?.spec.seconds ?? 0) + 1),
    }[operation] ?? seconds;
    this.scenes.set([job.spec.prompt]);
    this.beginning.with(operation, ...(other ? [job, other] : [job]));
    this.options.take({ ...job.spec, seconds: length, seed: "", negative_prompt: job.spec.negative_prompt });
    this.focus();
    if (operation === "remix") this.fields.prompt.select();
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
