// One clip: waiting, being drawn, playing, or saying why not.

import { picture } from "./beginning.js";
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";
import { readingRows } from "./reading.js";
import { Screen } from "./screen.js";
import { ago, capital, duration } from "./words.js";

const BEGAN = {
  image: () => "Begins with a picture",
  extend: () => "Extends a clip",
  extend_back: () => "Extends a clip backwards",
  loop: () => "A loop",
  blend: () => "Blends two clips",
  remix: ({ strength }) => `Remix, ${Math.round(strength * 100)} % changed`,
};

export class Card {
  /** `on.cancel(card)`, `on.reuse(spec)`, `on.begin(operation, job)` are the card's buttons. */
  constructor(job, on) {
    this.on = on;
    this.wasLive = isLive(job);
    this.screen = new Screen(job);
    this.now = h("p", { class: "now" });
    this.facts = h("p", { class: "facts" }, facts(job));
    this.native = h("p", { class: "facts native" });
    this.reading = h("ul", { class: "reading", "aria-label": "What the model understood" });
    this.actions = h("div", { class: "card-actions" });
    this.element = h(
      "article",
      { class: "card", "data-job": job.id, "aria-label": job.spec.prompt.slice(0, 80) },
      this.screen.element,
      h(
        "div",
        { class: "card-body" },
        h("p", { class: "prompt", title: promptOf(job.spec) }, promptOf(job.spec)),
        origin(job.spec),
        this.now,
        this.facts,
        this.native,
        this.reading,
        this.actions,
      ),
    );
    this.show(job);
  }

  /** The whole card from a row. */
  show(job) {
    const before = this.job?.state;
    // A row may be older than the look we already have.
    if (before === "running" && job.state === "running") job.step = Math.max(job.step, this.job.step);
    this.job = job;
    this.element.dataset.state = job.state;
    this.screen.show(job);
    this.showReading(job.reading);
    say(this.native, native(job));
    this.showNow();
    if (before !== job.state || job.stop_reason) this.showActions();
  }

  /** A step just drawn. */
  look({ state, step, steps, left_ms: leftMs, preview }) {
    if (!isLive(this.job)) return;
    const began = this.job.state !== "running" && state === "running";
    Object.assign(this.job, { state, step, steps, leftMs });
    this.element.dataset.state = state;
    if (began) this.showActions();
    this.screen.show(this.job);
    if (preview) this.screen.preview(preview);
    this.showNow();
  }

  /** The sign-in ended while this clip was on its way. */
  gone({ code, reason }) {
    const stopped = isLive(this.job) || (this.wasLive && this.job.stop_reason === "revoked");
    if (code !== "revoked" || !stopped) return;
    const because = reason ? ` The reason given: “${reason}”.` : "";
    this.show({
      ...this.job,
      state: "stopped",
      stop_reason: "revoked",
      error: {
        code: "stopped",
        sentence: `This clip was stopped and not charged.${because}`,
      },
    });
  }

  showNow() {
    const { state, step, steps, leftMs, stop_reason: stopping } = this.job;
    const left = typeof leftMs === "number" ? ` · about ${duration(leftMs)} left` : "";
    if (state === "queued") say(this.now, "");
    else if (state === "running" && stopping) say(this.now, "Stopping at the next step …");
    else if (state === "running") say(this.now, step ? `Step ${step} of ${steps}${left}` : "Setting up …");
    else if (state === "finished") say(this.now, `Finished ${ago(this.job.ended_at)}`);
    else say(this.now, "Not charged");
  }

  /** Something about this clip that is no state of it. */
  tell(sentence) {
    say(this.now, sentence);
  }

  showReading(reading) {
    const rows = readingRows(reading);
    this.reading.hidden = rows.length === 0;
    this.reading.replaceChildren(...rows.map(({ text, title, strange }) => h("li", { title, class: strange && "strange" }, text)));
  }

  showActions() {
    const { state, clip, spec, stop_reason: stopping } = this.job;
    if (isLive(this.job)) {
      const cancel = this.button("cross", "Cancel", () => this.on.cancel(this), "cancel");
      cancel.disabled = Boolean(stopping);
      this.actions.replaceChildren(cancel);
    } else if (state === "finished" && clip) {
      this.actions.replaceChildren(...this.finishedActions());
    } else {
      this.actions.replaceChildren(this.button("reuse", "Try again", () => this.on.reuse(spec), "reuse"));
    }
  }

  /** What can be made of a finished clip: the usual at hand, the rest in a menu. */
  finishedActions() {
    const { clip, spec } = this.job;
    const { operations, seconds_max: most } = this.on.offer;
    const can = (operation) => operations.includes(operation);
    const begin = (operation) => () => this.on.begin(operation, this.job);
    const longer = spec.seconds < most;
    const more = h(
      "button",
      { type: "button", class: "button quiet icon", "aria-label": "More for this clip", title: "More" },
      icon("dots"),
    );
    const holder = h("div", { class: "menu card-menu" });
    menu(holder, more, (close) => {
      const item = (name, label, act) =>
        h("button", { type: "button", role: "menuitem", onclick: () => (close(), act()) }, icon(name), label);
      return [
        can("extend_back") && longer && item("extend_back", "Extend backwards", begin("extend_back")),
        can("loop") && item("loop", "Make it loop", begin("loop")),
        can("blend") && item("blend", "Blend with …", begin("blend")),
        item("reuse", "Use these settings", () => this.on.reuse(spec)),
        item("picture", "Review and sharing", () => location.assign(`/showing#clip-${this.job.id}`)),
        item("check", "Where it comes from", () => location.assign(`/clips/${this.job.id}/credentials`)),
      ].filter(Boolean);
    });
    return [
      can("extend") && longer && this.button("extend", "Extend", begin("extend"), "extend"),
      can("remix") && this.button("remix", "Remix", begin("remix"), "remix"),
      holder,
      h(
        "a",
        { class: "button quiet icon end download", href: `${clip.url}?download`, download: true, "aria-label": "Download", title: "Download" },
        icon("download"),
      ),
    ].filter(Boolean);
  }

  button(name, label, onclick, kind) {
    return h("button", { type: "button", class: `button quiet ${kind}`, onclick }, icon(name), label);
  }
}

export function isLive({ state }) {
  return state === "queued" || state === "running";
}

function promptOf({ prompt, storyboard }) {
  return storyboard?.length ? storyboard.map((scene, i) => `${i + 1}. ${scene}`).join("  ") : prompt;
}

/** What the clip began with, with its stills; null for one that began with nothing. */
function origin(spec) {
  const began = BEGAN[spec.operation];
  if (!began) return null;
  const stills = (spec.sources ?? []).filter(Boolean).map(picture);
  return h("p", { class: "origin" }, ...stills, h("span", {}, began(spec)));
}

function facts({ spec }) {
  // No part of it is broken over two lines.
  const parts = [capital(spec.variant ?? "quality"), `${spec.width} × ${spec.height}`, `${spec.seconds} s`];
  if (spec.style) parts.push(spec.style);
  parts.push(`seed ${spec.seed}`);
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}

/** What the model itself drew, where the film is larger or faster. */
function native({ clip }) {
  if (!clip) return "";
  const { width, height, fps } = clip.native;
  const same = width === clip.width && height === clip.height && fps === clip.fps;
  return same ? "" : `Drawn at ${width} × ${height}, ${fps}/s; enlarged`;
}
