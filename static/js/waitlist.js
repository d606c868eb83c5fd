// Ask for a place. The answer is the same whether the address was known or not.

import { post } from "./studio/server.js";

const form = document.querySelector("form");
const button = form.querySelector("button");
const wrong = document.querySelector("#wrong");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  wrong.textContent = "";
  const { name, email, about } = form.elements;
  for (const field of [name, email, about]) field.removeAttribute("aria-invalid");
  try {
    const wish = { name: name.value, email: email.value, about: about.value };
    const { sentence } = await post("/waitlist", wish);
    form.hidden = true;
    document.querySelector(".done").textContent = sentence;
  } catch (problem) {
    button.disabled = false;
    wrong.textContent = problem.message;
    const field = form.elements[problem.field];
    field?.setAttribute("aria-invalid", "true");
    (field ?? button).focus();
  }
});

button.disabled = false;
