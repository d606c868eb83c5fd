// Redeem the invitation this page was opened with: read the terms, accept them, come in.

import { post } from "./studio/server.js";

const GONE = "This page needs your invitation. Open the whole link you were given, or ask for a new one.";

const form = document.querySelector("form");
const { name, agree } = form.elements;
const button = form.querySelector("button");
const wrong = document.querySelector("#wrong");
const terms = document.querySelector(".terms");

// The secret stands behind the # and so was never sent; it leaves the address bar at once.
const invite = new URLSearchParams(location.hash.slice(1)).get("invite");
history.replaceState(null, "", location.pathname);

async function open() {
  if (!invite) {
    wrong.textContent = GONE;
    return;
  }
  try {
    const { name: given } = await post("/invite/open", { invite });
    if (given) document.querySelector("h1").textContent = `You are invited, ${given}`;
    document.querySelector(".own-name").hidden = Boolean(given);
    form.hidden = false;
  } catch (problem) {
    wrong.textContent = problem.message;
  }
}

async function comeIn(event) {
  event.preventDefault();
  const own = !document.querySelector(".own-name").hidden;
  if (own && !name.value.trim()) return complain("Give the name others should see.", name);
  if (!agree.checked) return complain("Read the terms and accept them first.", agree);
  button.disabled = true;
  button.textContent = "Coming in …";
  wrong.textContent = "";
  try {
    const accepted = { invite, terms_sha256: terms.dataset.sha256, name: own ? name.value : null };
    const { link } = await post("/invite", accepted);
    location.replace(`/sign-in#link=${link}`);
  } catch (problem) {
    if (problem.code === "invite_invalid") form.hidden = true;
    complain(problem.message, problem.field === "name" ? name : button);
  }
}

function complain(sentence, where) {
  button.disabled = false;
  button.textContent = "Come in";
  wrong.textContent = sentence;
  if (where !== button) where.setAttribute("aria-invalid", "true");
  where.focus();
}

form.addEventListener("submit", comeIn);
addEventListener("hashchange", () => location.reload()); // another invitation, in the same window
await open();
