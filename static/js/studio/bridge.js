// Gradio's queue as one question and one answer.

import { signedFetch } from "./device.js";
import { Problem, problemOf } from "./problem.js";

const JOIN = "/gradio_api/queue/join";
const GIVE_UP_MS = 30000;

/** A function that sends a wish through Gradio's queue and resolves with the new job's card. */
export function bridge({ trigger, watch, props }) {
  let waiting = null;

  signJoins((problem) => waiting?.reject(problem));
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
    const late = setTimeout(
      () => reject(new Problem({ detail: "No answer yet. Reload the page to see whether your clip is in line." })),
      GIVE_UP_MS,
    );
    trigger("submit", { ...wish, ticket });
    try {
      return await answered;
    } finally {
      clearTimeout(late);
      waiting = null;
    }
  };
}

/** Sign what Gradio sends by itself. It tells nobody why it was refused: `onRefused(problem)` does. */
function signJoins(onRefused) {
  const plain = window.fetch;
  window.fetch = async (input, options) => {
    if (new URL(input.url ?? input, location.href).pathname !== JOIN) return plain(input, options);
    const response = await signedFetch(JOIN, options);
    if (!response.ok) onRefused(await problemOf(response.clone()));
    return response;
  };
}
