// One call in words, the same for artists and jury.

import { h } from "../studio/dom.js";
import { count } from "../studio/words.js";

const STATES = { coming: "Opens soon", open: "Open", closed: "Being judged", decided: "Decided" };

/** What a call says, and how many entries there are. */
export function callFacts(call) {
  const { entries, artists, shortlisted, chosen } = call.count;
  const after = call.state === "open" || call.state === "coming" ? "" : `, ${shortlisted} shortlisted${call.state === "decided" ? `, ${chosen} chosen` : ""}`;
  const rows = [
    ["Prize", call.prize],
    ["Rules", `${call.rules}\nAt most ${count(call.entries_each, "clip")} of each artist.`],
    ["Who decides", call.jury],
    ["Open", `${day(call.opens_at)} to ${day(call.closes_at)}, decided by ${day(call.decides_at)}`],
    ["Entries", `${entries} by ${count(artists, "artist")}${after}`],
  ];
  return [
    h("h3", {}, call.title),
    h("p", { class: "aside" }, h("span", { class: `state ${call.state === "open" ? "live" : call.state}` }, STATES[call.state])),
    h("p", { class: "brief" }, call.brief),
    h("dl", {}, ...rows.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])),
  ];
}

function day(ms) {
  return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

export function standing(entry) {
  if (entry.state === "chosen") return ["chosen", "Chosen"];
  const listed = entry.shortlisted ? "shortlisted" : "not shortlisted";
  if (entry.state === "not_chosen") return ["", `Not chosen, ${listed}`];
  if (entry.state === "withdrawn") return ["", "Withdrawn"];
  return entry.shortlisted ? ["listed", "On the shortlist"] : ["entered", "Entered"];
}
