// Gradio's queue as one question and one answer.

import { get, Problem } from "./server.js";

const ASK_WHY_MS = 2000; // a refused sign-in never comes back through the queue: ask ourselves
const GIVE_UP_MS = 30000;

/** A function that sends a wish through Gradio's queue and resolves with the new job's card. */
export function bridge({ trigger, watch, props }) {
  let waiting = null;

  watch("value", () => {
    const answer = JSON.parse(props.value);
    if (!waiting || answer.ticket !== waiting.ticket) return;
    if (answer.problem) waiting.reject(new Problem(answer.problem));
    else waiting.resolve(answer.job);
  });

  return async (wish) => {
    const ticket = `${Date.now()}-${Math.random()}`;
    const answered = new Promise((resolve, reject) => (waiting = { ticket, resolve, reject }));
    const { reject } = waiting;
    const why = setTimeout(() => get("/me").catch(reject), ASK_WHY_MS);
    const late = setTimeout(
      () => reject(new Problem({ detail: "No answer yet. Reload the page to see whether your clip is in line." })),
      GIVE_UP_MS,
    );
    trigger("submit", { ...wish, ticket });
    try {
      return await answered;
    } finally {
      clearTimeout(why);
      clearTimeout(late);
      waiting = null;
    }
  };
}
