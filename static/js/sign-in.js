// Trade a token, or the one-time link this page was opened with, for a session bound to this device.

import { deviceName, makeKey } from "./studio/device.js";
import { post } from "./studio/server.js";

const form = document.querySelector("form");
const { token } = form.elements;
const button = form.querySelector("button");
const wrong = document.querySelector("#wrong");

async function signIn(text) {
  if (!text) {
    complain("Paste the token from your invitation.");
    return;
  }
  button.disabled = true;
  button.textContent = "Signing in …";
  wrong.textContent = "";
  try {
    await makeKey();
    await post("/sign-in", { token: text, device: deviceName() });
    location.replace("/");
  } catch (problem) {
    complain(problem.message);
  }
}

function complain(sentence) {
  button.disabled = false;
  button.textContent = "Sign in";
  wrong.textContent = sentence;
  token.setAttribute("aria-invalid", "true");
  token.focus();
  token.select();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(token.value.trim());
});

// A link's secret stands behind the # and so was never sent; it leaves the address bar at once.
function takeLink() {
  const link = new URLSearchParams(location.hash.slice(1)).get("link");
  if (!link) return;
  history.replaceState(null, "", location.pathname);
  signIn(link);
}

button.disabled = false;
addEventListener("hashchange", takeLink);
takeLink();
