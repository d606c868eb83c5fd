// The studio, put together. Gradio's block calls `open` when it stands.

import { studioBar } from "./bar.js";
import { bridge } from "./bridge.js";
import { Composer } from "./composer.js";
import { h, say } from "./dom.js";
import { examples } from "./examples.js";
import { noticeSentence, watchNotice } from "./notice.js";
import { withTouch } from "./passkeys.js";
import { pickClip } from "./picker.js";
import { policyLine } from "./policy.js";
import { needsSignIn, Problem } from "./problem.js";
import { get } from "./server.js";
import { Wall } from "./wall.js";

const REFRESH_MS = 30000;

async function openStudio(root, gradio) {
  const [me, offer, { jobs }] = await Promise.all([get("/me"), get("/offer"), get("/jobs")]);
  const showMe = studioBar(root, me);
  const send = bridge(gradio);

  const speak = (sentence) => say(root.querySelector(".announcer"), sentence);
  const composer = new Composer(root, offer, {
    submit,
    announce: speak,
    concurrent: me.allowance.concurrent,
    find: (id) => wall.find(id),
  });

  async function submit(wish) {
    try {
      wall.add(await withTouch(() => send(wish)), { arriving: true });
    } catch (problem) {
      if (needsSignIn(problem)) wall.close({ code: problem.code, sentence: problem.message });
      throw problem;
    }
    arrange();
    refreshMe();
  }

  async function begin(operation, job) {
    if (operation !== "blend") {
      composer.begin(operation, job);
      return;
    }
    const other = await pickClip(wall.finished.filter(({ id }) => id !== job.id), "Blend with …");
    if (other) composer.begin("blend", job, other);
  }

  const wall = new Wall(root.querySelector(".wall"), {
    offer,
    begin,
    reuse: (spec) => composer.take(spec),
    settled: () => {
      refreshMe();
      refreshOffer();
    },
    gone: (why) => shut(root, composer, why),
    say: speak,
  });

  function arrange() {
    root.classList.toggle("empty", wall.isEmpty);
    root.querySelector(".examples").hidden = !wall.isEmpty;
  }

  /** Look at the server again with `read`; one we cannot reach now is looked at later. */
  async function again(read) {
    if (document.hidden || wall.over) return;
    try {
      await read();
    } catch (problem) {
      if (problem.status === 401) wall.close({ code: "signed_out" });
    }
  }

  function refreshMe() {
    return again(async () => showMe(await get("/me")));
  }

  /** How fast clips are drawn here is known better after each. */
  function refreshOffer() {
    return again(async () => {
      Object.assign(offer, await get("/offer"));
      composer.changed();
    });
  }

  function refresh() {
    return again(async () => {
      showMe(await get("/me"));
      wall.showAll((await get("/jobs")).jobs);
      arrange();
    });
  }

  policyLine(root.querySelector(".policy-line"));
  examples(root.querySelector(".examples"), (spec) => composer.take(spec));
  wall.showAll(jobs);
  arrange();
  root.classList.add("ready");
  if (matchMedia("(hover: hover)").matches) composer.focus();
  setInterval(refresh, REFRESH_MS);
  watchNotice((notice) => showNotice(root, notice));
  document.addEventListener("visibilitychange", refresh);
  document.addEventListener("keydown", (event) => focusOnSlash(event, composer));
}

function showNotice(root, notice) {
  if (root.classList.contains("shut")) return;
  const banner = root.querySelector(".banner");
  if (notice) say(banner, noticeSentence(notice));
  banner.hidden = !notice;
}

function focusOnSlash(event, composer) {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.metaKey || event.ctrlKey || event.altKey) return;
  event.preventDefault();
  composer.focus();
}

/** The sign-in is over: say so calmly, keep what is on the wall in sight, take no more wishes. */
function shut(root, composer, { code, reason, sentence: told }) {
  composer.close();
  root.classList.add("shut");
  const banner = root.querySelector(".banner");
  const because = reason ? ` The reason given: “${reason}”.` : "";
  const sentence =
    code === "revoked"
      ? `Your access was revoked by an admin. Clips under way were stopped and not charged.${because}`
      : told ?? "You are signed out. Your clips are kept.";
  const way = code === "revoked" ? "Sign in with another token" : "Sign in";
  banner.replaceChildren(sentence, " ", h("a", { href: "/sign-in" }, way));
  banner.hidden = false;
}

/** `gradio`: the block's { element, trigger, watch, props }. */
export function open(gradio) {
  const root = gradio.element.querySelector(".studio");
  document.body.append(root); // out of Gradio's container, whose style sheets reach everything in it
  openStudio(root, gradio).catch((problem) => {
    if (problem.status === 401) {
      location.assign("/sign-in");
      return;
    }
    const banner = root.querySelector(".banner");
    const known = problem instanceof Problem;
    banner.replaceChildren(known ? problem.message : "The studio did not open. Reload the page.");
    banner.hidden = false;
    root.classList.add("ready");
    if (problem.code === "unreachable") dispatchEvent(new Event("greenroom:incomplete"));
    if (!known) throw problem;
  });
}
