// A clip's reviews in words: every state it went through, and who decided, by role.

import { h } from "../studio/dom.js";
import { ago, capital, duration, place } from "../studio/words.js";

export function reviewLines(reviews, now) {
  return reviews.flatMap((review) => [h("p", {}, h("span", { class: `state ${review.state}` }, stateWords(review, now))), said(review.words)]).filter(Boolean);
}

function stateWords(review, now) {
  const { state, round, by, sentence, decided_at: at, submitted_at: since, promised_at: promised } = review;
  const what = round === 2 ? "Appeal" : "Review";
  if (state === "waiting") return `${what}: ${place(review.place).toLowerCase()}, since ${ago(since, now)}, ${left(promised - now)}`;
  if (state === "withdrawn") return `${what}: withdrawn by you`;
  const decided = `by ${by} ${ago(at, now)}`;
  return state === "approved" ? `${capital(state)} ${decided}` : `${capital(state)} ${decided}: ${sentence}`;
}

function left(ms) {
  return ms > 0 ? `promised within ${duration(ms)}` : `late by ${duration(-ms)}`;
}

function said(words) {
  return words ? h("p", { class: "said" }, words) : null;
}
