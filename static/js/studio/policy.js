// The policy beside the bar: what becomes of a clip stands there before it is asked for.

import { h } from "./dom.js";
import { get } from "./server.js";

/** Fill `line`; it stays away where the server cannot say. */
export async function policyLine(line) {
  try {
    const { holds, awaits } = await get("/policy/mine");
    const link = (words) => h("a", { href: "/policy" }, words);
    if (awaits) line.replaceChildren("The policy takes something from you, and new clips wait for your answer. ", link("Read it"));
    else line.replaceChildren(`${holds.sentences.join(" ")} `, link("The policy"));
    line.hidden = false;
  } catch {
    line.hidden = true;
  }
}
