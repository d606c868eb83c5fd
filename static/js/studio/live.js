// One job's events, for as long as it lives and somebody looks.

import { get } from "./server.js";

const RETRY_MS = 2000;

/** Calls on.job(card), on.look(look), on.gone(why) until the job ends or the sign-in does. */
export function follow(jobId, on) {
  let source = null;
  let over = false;
  let ended = false; // the job has; the server still says goodbye

  function open() {
    if (over || source || document.hidden) return;
    source = new EventSource(`/jobs/${jobId}/events`);
    source.addEventListener("job", (event) => {
      const job = JSON.parse(event.data);
      ended = Boolean(job.ended_at);
      on.job(job);
    });
    source.addEventListener("look", (event) => on.look(JSON.parse(event.data)));
    source.addEventListener("gone", (event) => {
      end();
      on.gone(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      if (ended) end();
      else if (source?.readyState === EventSource.CLOSED) recover();
    });
  }

  function close() {
    source?.close();
    source = null;
  }

  function end() {
    over = true;
    close();
    document.removeEventListener("visibilitychange", look);
  }

  /** The server refused the stream: signed out, or restarting. */
  async function recover() {
    close();
    try {
      on.job(await get(`/jobs/${jobId}`));
    } catch (problem) {
      if (problem.status === 401) {
        end();
        on.gone({ code: "signed_out", sentence: "You are signed out. Sign in to go on." });
        return;
      }
    }
    setTimeout(open, RETRY_MS);
  }

  // A browser opens few connections to one host: a tab nobody looks at gives its own back.
  function look() {
    if (document.hidden) close();
    else open();
  }

  document.addEventListener("visibilitychange", look);
  open();
  return end;
}
