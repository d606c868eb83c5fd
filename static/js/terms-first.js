// Accept the terms, as somebody whom a provider just named, and come in.

import { post } from "./studio/server.js";

const form = document.querySelector("form");
const { agree } = form.elements;
const button = form.querySelector("button");
const wrong = document.querySelector("#wrong");
const terms = document.querySelector(".terms");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!agree.checked) {
    wrong.textContent = "Read the terms and accept them first.";
    agree.focus();
    return;
  }
  button.disabled = true;
  wrong.textContent = "";
  try {
    const { link } = await post("/sign-in/terms", { terms_sha256: terms.dataset.sha256 });
    location.replace(`/sign-in#link=${link}`);
  } catch (problem) {
    button.disabled = false;
    wrong.textContent = problem.message;
  }
});
button.disabled = false;
