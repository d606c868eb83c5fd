// The picture of a card: a plate with words, the drawing as it comes out of the noise, the film.

import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { place, start } from "./words.js";

const HOVERS = matchMedia("(hover: hover)");
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

export class Screen {
  constructor(job) {
    this.stage = h("div", { class: job.spec.width > job.spec.height ? "screen wide" : "screen" });
    this.bar = h("i");
    this.progress = h("div", { class: "progress", role: "progressbar", "aria-label": "Drawing", "aria-valuemin": 0 }, this.bar);
    this.element = h("div", { class: "picture" }, this.stage, this.progress);
    this.shown = null;
    this.arrivedLive = !job.ended_at;
  }

  show(job) {
    const kind = job.state === "running" && this.shown === "preview" ? "preview" : job.state;
    this.progress.hidden = job.state !== "running";
    if (job.state === "running") this.advance(job);
    if (kind === "queued") this.plate("hourglass", place(job.place), start(job.wait_ms), "waiting");
    else if (kind === "running") this.plate("pencil", "Drawing", "The first look comes in a moment.", "waiting");
    else if (kind === "finished" && this.shown !== "finished") this.film(job.clip);
    else if (kind === "failed") this.plate("alert", "This clip was not made", job.error?.sentence, "bad");
    else if (kind === "stopped") this.plate("stop", heading(job), job.error?.sentence, "");
    this.shown = kind;
  }

  advance({ step, steps }) {
    this.progress.setAttribute("aria-valuemax", steps);
    this.progress.setAttribute("aria-valuenow", step);
    this.progress.setAttribute("aria-valuetext", `step ${step} of ${steps}`);
    this.bar.style.transform = `scaleX(${steps ? step / steps : 0})`;
  }

  plate(name, title, sentence, mood) {
    const plate = this.stage.querySelector(".plate");
    if (plate && plate.dataset.name === name) {
      say(plate.querySelector("strong"), title);
      say(plate.querySelector("span"), sentence ?? "");
      return;
    }
    this.stage.replaceChildren(
      h("div", { class: `plate ${mood}`, "data-name": name }, icon(name), h("strong", {}, title), h("span", {}, sentence ?? "")),
    );
  }

  /** Fade the newest look in over the one before it. */
  preview(url) {
    this.shown = "preview";
    this.stage.querySelector(".plate")?.remove();
    const look = h("img", { class: "preview", src: url, alt: "The drawing so far" });
    const backdrop = this.stage.querySelector(".backdrop") ?? h("img", { class: "backdrop", alt: "" });
    backdrop.src = url;
    this.stage.prepend(backdrop);
    this.stage.append(look);
    const old = [...this.stage.querySelectorAll(".preview")].slice(0, -3);
    for (const image of old) image.remove();
  }

  film(clip) {
    const film = h("video", {
      src: clip.url,
      poster: clip.poster,
      width: clip.width,
      height: clip.height,
      controls: true,
      loop: true,
      muted: true,
      playsinline: true,
      preload: this.arrivedLive ? "auto" : "none",
      controlslist: "nodownload noremoteplayback",
    });
    film.muted = true;
    film.autoplay = this.arrivedLive && !CALM.matches;
    if (HOVERS.matches) showControlsOnDemand(film);
    this.stage.replaceChildren(
      h("img", { class: "backdrop", src: clip.poster, alt: "", loading: "lazy" }),
      film,
      h("span", { class: "badge", "aria-hidden": "true" }, `${Math.round(clip.frame_count / clip.fps)} s`),
    );
  }
}

/** A wall of play bars is no wall of pictures: a film's own come with the pointer or the focus. */
function showControlsOnDemand(film) {
  film.controls = false;
  film.tabIndex = 0;
  const show = () => {
    film.preload = "auto";
    film.controls = true;
  };
  const hide = () => (film.controls = film.matches(":hover, :focus-within, :focus"));
  for (const sign of ["pointerenter", "focus"]) film.addEventListener(sign, show);
  for (const sign of ["pointerleave", "blur"]) film.addEventListener(sign, hide);
}

function heading(job) {
  if (job.stop_reason === "revoked") return "Your access was revoked";
  return "Stopped";
}
