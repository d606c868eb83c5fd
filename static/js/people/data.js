// A tester's own data: what else it may be used for, all of it as a file, and leaving.

import { field, question } from "../backstage/dialogs.js";
import { table } from "../backstage/tables.js";
import { signedFetch } from "../studio/device.js";
import { h, say } from "../studio/dom.js";
import { problemOf } from "../studio/problem.js";
import { get, post } from "../studio/server.js";
import { capital, quoted } from "../studio/words.js";
import { doing, find, onSubmit, open, tell } from "./page.js";

let data = null;

async function look() {
  data = await get("/data/list");
  find(".consents").replaceChildren(...Object.entries(data.purposes).map(consentPaper));
  find(".exceptions").replaceChildren(...data.clips.map(exception));
  const rows = data.kept.map(({ what, what_for: purpose, when_you_leave: then, why }) =>
    h("tr", {}, h("td", {}, capital(what.replaceAll("-", " "))), h("td", { class: "wraps" }, purpose), h("td", { class: "wraps soft" }, capital(then), why && h("span", { class: "under" }, `${capital(why)}.`))),
  );
  find(".kept").replaceChildren(table(["What", "What for", "When you leave"], rows));
  for (const name of [".export", ".erase"]) find(name).disabled = false;
}

function consentPaper([purpose, sentence]) {
  const given = data.in_general[purpose];
  const box = h("input", { type: "checkbox", name: purpose, onchange: (event) => consent(purpose, event.target.checked) });
  box.checked = given;
  const effect = purpose === "publicity" && given ? " Saying no takes your clips out of the gallery." : "";
  return h("label", { class: "paper check" }, box, h("span", {}, h("b", {}, capital(purpose)), `. ${sentence}${effect}`));
}

function exception({ clip, prompt, purpose, given }) {
  const words = given ? `may be used for ${purpose}` : `may not be used for ${purpose}`;
  return h(
    "article",
    { class: "paper", "data-clip": clip },
    h("p", {}, `${prompt === null ? "A clip you deleted" : quoted(prompt, 80)} ${words}.`),
    prompt !== null && h("div", { class: "acts" }, h("button", { type: "button", class: "button", onclick: () => consent(purpose, !given, clip) }, given ? "Say no" : "Say yes")),
  );
}

/** A word about one clip, which goes before the word about all. */
async function offerClips() {
  const { jobs } = await get("/jobs");
  const finished = jobs.filter((job) => job.state === "finished");
  const { clip, purpose } = find(".single").elements;
  clip.replaceChildren(...finished.map((job) => h("option", { value: job.id }, quoted(job.spec.prompt, 60))));
  purpose.replaceChildren(...Object.keys(data.purposes).map((name) => h("option", { value: name }, capital(name))));
  find(".single").hidden = !finished.length;
}

function consent(purpose, given, clip) {
  return doing(() => post("/data/consent", { purpose, given, clip }), look, given ? `Yes to ${purpose}.` : `No to ${purpose}.`);
}

async function takeAll() {
  find(".export").disabled = true;
  say(find(".export-note"), "Gathering everything …");
  try {
    const response = await signedFetch("/data/archive", { method: "POST", headers: {}, redirect: "error" });
    if (!response.ok) throw await problemOf(response);
    const name = /filename="(.+?)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "greenroom.zip";
    save(await response.blob(), name);
    say(find(".export-note"), "Everything is in the file. Open about.json first: it says what each part is for.");
  } catch (problem) {
    say(find(".export-note"), "");
    tell(problem);
  } finally {
    find(".export").disabled = false;
  }
}

function save(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function erase() {
  const owed = data.totals.map(({ said }) => said.owed).join(", ");
  const receipt = await question({
    title: "Erase everything?",
    text: `For good, at once, for you and for everybody. ${owed ? `You are still owed ${owed}: that stays in the books under a number; ask for it first. ` : ""}Export your data first if you want it.`,
    fields: [field(`Write ${data.name} to say that you mean it`, { name: "name", maxlength: 80, autocomplete: "off" })],
    go: "Erase me",
    danger: true,
    act: ({ name }) => post("/data/erase", { name: name.value }),
  });
  if (receipt) showReceipt(receipt);
}

function showReceipt(receipt) {
  const counts = Object.entries(receipt.deleted).map(([name, count]) => h("li", {}, `${capital(name.replaceAll("-", " "))}: ${count} deleted`));
  const kept = receipt.kept.map(({ what, rows, how, why }) => h("li", {}, `${capital(what.replaceAll("-", " "))}: ${rows} ${how}, ${why}`));
  const file = new Blob([JSON.stringify(receipt, null, 2)], { type: "application/json" });
  const keep = h("button", { type: "button", class: "button primary", onclick: () => save(file, "greenroom-receipt.json") }, "Keep the receipt");
  find("main").replaceChildren(
    h(
      "section",
      { class: "receipt" },
      h("div", { class: "head" }, h("h2", {}, "You were erased")),
      h("article", { class: "paper" }, h("h3", {}, "Deleted"), h("ul", {}, ...counts), h("h3", {}, "Kept, without your name"), h("ul", {}, ...kept), h("div", { class: "acts" }, keep, h("a", { class: "button", href: "/sign-in" }, "Leave"))),
    ),
  );
  find(".account-menu").replaceChildren();
}

find(".export").onclick = takeAll;
find(".erase").onclick = erase;
onSubmit(find(".single"), async ({ clip, purpose, given }) => {
  await post("/data/consent", { purpose: purpose.value, given: given.value === "yes", clip: clip.value });
  await look();
});
await open(async () => {
  await look();
  await offerClips();
});
