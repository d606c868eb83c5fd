// What an admin tells everybody whose clips are paused, as long as it holds.

const RETRY_MS = 3000;

/** Calls show(notice) with what stops this person, or null, at once and whenever it changes. */
export function watchNotice(show) {
  let source = null;

  function open() {
    if (source || document.hidden) return;
    source = new EventSource("/notice");
    source.addEventListener("notice", (event) => show(JSON.parse(event.data).notice));
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      setTimeout(open, RETRY_MS);
    });
  }

  function close() {
    source?.close();
    source = null;
  }

  // A browser opens few connections to one host: a tab nobody looks at gives its own back.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}

const WHOM = {
  everybody: "for everybody",
  cohort: "for your group",
  tester: "for you",
  token: "for the token you use",
};

/** One sentence for the banner. */
export function noticeSentence({ scope, message }) {
  return `Making clips is paused ${WHOM[scope]}: ${message.replace(/\.$/, "")}. Your clips are kept.`;
}
