// One clip: waiting, being drawn, playing, or saying why not.

import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { Screen } from "./screen.js";
import { ago, duration } from "./words.js";

const MOVES = { right: "moving right", left: "moving left" };

export class Card {
  /** `on.cancel(job)` and `on.reuse(spec)` are the card's buttons. */
  constructor(job, on) {
    this.on = on;
    this.wasLive = isLive(job);
    this.screen = new Screen(job);
    this.now = h("p", { class: "now" });
    this.facts = h("p", { class: "facts" }, facts(job));
    this.reading = h("ul", { class: "reading", "aria-label": "What the model understood" });
    this.actions = h("div", { class: "card-actions" });
    this.element = h(
      "article",
      { class: "card", "data-job": job.id, "aria-label": job.spec.prompt.slice(0, 80) },
      this.screen.element,
      h(
        "div",
        { class: "card-body" },
        h("p", { class: "prompt", title: job.spec.prompt }, job.spec.prompt),
        this.now,
        this.facts,
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
    const chips = [];
    for (const [attribute, value] of Object.entries(reading?.understood ?? {})) {
      const text = attribute === "motion" ? MOVES[value] ?? value : value;
      chips.push(h("li", { title: attribute }, String(text)));
    }
    const strange = reading?.unknown ?? [];
    if (strange.length) {
      const shown = strange.slice(0, 4).join(", ") + (strange.length > 4 ? " …" : "");
      chips.push(h("li", { class: "strange" }, `not understood: ${shown}`));
    }
    this.reading.hidden = chips.length === 0;
    this.reading.replaceChildren(...chips);
  }

  showActions() {
    const { state, clip, spec, stop_reason: stopping } = this.job;
    const rows = [];
    if (isLive(this.job)) {
      rows.push(
        h(
          "button",
          { type: "button", class: "button quiet cancel", disabled: Boolean(stopping), onclick: () => this.on.cancel(this) },
          icon("cross"),
          "Cancel",
        ),
      );
    } else {
      const word = state === "finished" ? "Use these settings" : "Try again";
      rows.push(
        h("button", { type: "button", class: "button quiet reuse", onclick: () => this.on.reuse(spec) }, icon("reuse"), word),
      );
    }
    if (state === "finished" && clip) {
      rows.push(
        h(
          "a",
          { class: "button quiet icon end download", href: `${clip.url}?download`, download: true, "aria-label": "Download", title: "Download" },
          icon("download"),
        ),
      );
    }
    this.actions.replaceChildren(...rows);
  }
}

export function isLive({ state }) {
  return state === "queued" || state === "running";
}

function facts({ spec }) {
  const parts = [`${spec.width} × ${spec.height}`, `${spec.seconds} s`];
  if (spec.style) parts.push(spec.style);
  parts.push(`seed ${spec.seed}`);
  return parts.join(" · ");
}
