// A film that turned up: brought here, read, and whose it is.

import { doing, find, onSubmit, open } from "../people/page.js";
import { h, say } from "../studio/dom.js";
import { Problem } from "../studio/problem.js";
import { ask, get } from "../studio/server.js";
import { ago, count } from "../studio/words.js";

const MOST_BYTES = 256 * 2 ** 20;
const LOOK_EVERY_MS = 2000;
const form = find("form.bring");
let next;

async function look() {
  clearTimeout(next);
  const { tracings, now } = await get("/backstage/trace/list");
  const papers = tracings.map((row) => paper(row, now));
  find(".tracings").replaceChildren(...(papers.length ? papers : [h("p", { class: "nothing" }, "No film has been traced yet.")]));
  if (tracings.some(({ state }) => state === "reading")) next = setTimeout(() => doing(async () => {}, look, ""), LOOK_EVERY_MS);
}

function paper(row, now) {
  return h(
    "article",
    { class: "paper", "data-tracing": row.id, "data-state": row.state },
    h("h3", {}, verdict(row)),
    ...(row.state === "found" ? found(row) : []),
    row.state === "none" && h("p", {}, `Compared with ${count(row.compared, "number")}. Worn copies lose their mark: that none was found proves nothing.`),
    Boolean(row.other_keys) && h("p", { class: "soft" }, `${count(row.other_keys, "mark")} of other keys could not be compared.`),
    ...row.hints.map(hint),
    h("p", { class: "soft" }, `${ago(row.asked_at, now)} · ${Math.ceil(row.bytes / 1024).toLocaleString("en")} KB · SHA-256 ${row.sha256.slice(0, 12)}…`),
  );
}

function verdict({ state, problem, whose, hints }) {
  if (state === "reading") return "Reading …";
  if (state === "lost") return "Nobody finished reading it. Bring it again.";
  if (state === "unreadable") return problem;
  if (state === "none") return hints.length ? "No mark found, but the look of a clip made here" : "No mark found";
  return `A clip of ${whose.tester ?? "somebody whose data was erased"}`;
}

function found({ whose, z, like_z, chance }) {
  return [
    h(
      "dl",
      { class: "traced" },
      ...fact("Clip", h("code", {}, whose.job)),
      ...fact("Token", whose.token ? h("code", {}, whose.token) : "forgotten with its tester"),
      ...fact("Confidence", `The mark stands out by ${z.toFixed(1)} deviations, its number fits by ${like_z.toFixed(1)}`),
    ),
    chance !== null && h("p", { class: "soft" }, `That any number fits as well by chance, wherever it is looked for: at most ${odds(chance)}.`),
  ];
}

const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];

function odds(chance) {
  return chance < 1e-12 ? "1 in a million million" : `1 in ${Math.floor(1 / chance).toLocaleString("en")}`;
}

function hint({ job, tester, differs }) {
  return h("p", { class: "soft" }, "Looks like clip ", h("code", {}, job), ` of ${tester ?? "somebody whose data was erased"}: ${Math.round(100 * differs)} % of the fingerprint differs, of films with nothing in common half. A look names nobody: another job may have drawn the same.`);
}

onSubmit(form, async ({ film }) => {
  const [file] = film.files;
  if (!file) throw new Problem({ code: "bad_spec", detail: "Choose a film.", field: "film" });
  if (file.size > MOST_BYTES) throw new Problem({ code: "bad_spec", detail: "The film has more than 256 MB: try a shorter part of it.", field: "film" });
  await ask("POST", "/backstage/trace", file);
  form.reset();
  say(find(".announcer"), "The film is being read.");
  await look();
});
await open(look);
