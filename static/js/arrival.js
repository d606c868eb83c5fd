// A page of which a part did not arrive (a laptop that changes its network loses everything under
// way) is not left half alive: as long as nobody has touched it, it is loaded again as soon as
// Greenroom answers. Where that did not help, or somebody is at work in it, it says so.
(() => {
  const KEY = "greenroom-loaded-again-ms";
  const TRIES = 3, LATELY_MS = 60000; // what fails so often in so long is not mended by it
  const FIRST_MS = 500, LONGEST_MS = 15000, TOLD_MS = 2000; // between two looks; told from then on
  let touched = false, mending = false;

  for (const kind of ["pointerdown", "keydown"]) {
    addEventListener(kind, () => (touched = true), { capture: true, once: true, passive: true });
  }

  /** When it was loaded again of late. Without a storage nobody could count: never again, then. */
  function tries() {
    try {
      const known = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
      return known.filter((at_ms) => Date.now() - at_ms < LATELY_MS);
    } catch {
      return Array(TRIES).fill(0);
    }
  }

  function loadAgain() {
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...tries(), Date.now()]));
    } catch {
      // then only a person asked for it, by the button
    }
    location.reload();
  }

  async function answers() {
    try {
      return (await fetch("/healthz", { method: "HEAD", cache: "no-store" })).status < 500;
    } catch {
      return false;
    }
  }

  function tell() {
    if (document.querySelector(".banner.incomplete")) return;
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      className: "button",
      textContent: "Load it again",
      onclick: loadAgain,
    });
    const banner = Object.assign(document.createElement("div"), { className: "banner incomplete" });
    banner.setAttribute("role", "alert");
    banner.append("A part of this page did not arrive. ", button);
    document.body.prepend(banner);
  }

  async function mend() {
    if (mending) return;
    mending = true;
    if (document.readyState === "loading") {
      await new Promise((ready) => addEventListener("DOMContentLoaded", ready, { once: true }));
    }
    const tried = tries().length;
    if (tried) tell();
    let wait_ms = FIRST_MS * 4 ** tried; // a network that changes does so several times in a row
    while (tried < TRIES && !touched) {
      await new Promise((over) => setTimeout(over, wait_ms));
      if ((await answers()) && !touched) {
        loadAgain();
        return;
      }
      if (wait_ms >= TOLD_MS) tell();
      wait_ms = Math.min(2 * wait_ms, LONGEST_MS);
    }
    tell();
  }

  // An element's own error does not bubble, so it is met on its way down.
  addEventListener("error", ({ target }) => {
    if (target instanceof HTMLScriptElement || target.rel === "stylesheet") mend();
  }, true);
  addEventListener("vite:preloadError", mend); // parts that are asked for later
  addEventListener("greenroom:incomplete", mend);
})();
