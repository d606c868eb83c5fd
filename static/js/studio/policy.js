// The policy beside the bar: what becomes of a clip stands there before it is asked for.

import { h } from "./dom.js";
import { get } from "./server.js";
import { ago } from "./words.js";

const NEWS_MS = 14 * 86_400_000; // for so long an announced change stands first

/** Fill `line`; it stays away where the server cannot say. */
export async function policyLine(line) {
  try {
    const { holds, awaits, now } = await get("/policy/mine");
    const link = (words) => h("a", { href: "/policy" }, words);
    const isNews = holds.number > 0 && now - holds.announced_at < NEWS_MS;
    const news = isNews ? [h("b", {}, `Changed ${ago(holds.announced_at, now)}: ${holds.words}`), " "] : [];
    if (awaits) line.replaceChildren("The policy takes something from you, and new clips wait for your answer. ", link("Read it"));
    else line.replaceChildren(...news, `${holds.sentences.join(" ")} `, link("The policy"));
    line.hidden = false;
  } catch {
    line.hidden = true;
  }
}
