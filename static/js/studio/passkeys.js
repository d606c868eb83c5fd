// Passkeys (WebAuthn): making one, touching one, and going on with what was refused without it.

import { field, question } from "../backstage/dialogs.js";
import { encode } from "./device.js";
import { Problem } from "./problem.js";
import { post } from "./server.js";

const NO_TOUCH = "It was not touched, or it took too long. Try again.";
const NOT_FOR_A_NUMBER = `Passkeys need a name where this address has a number: open Greenroom at ${location.protocol}//localhost${location.port && `:${location.port}`} and sign in there.`;
const NOT_IN_A_FRAME = "Passkeys work in a tab of their own: open Greenroom in one, outside this page.";
const NOT_HERE = "This browser keeps no passkeys, or not for this address: it must be a name, over https. Use another browser, or ask an admin.";
const KNOWN = "This one is among your passkeys already. Use another.";

/** Touch a passkey. Throws a Problem that says what to do. */
export async function touch() {
  const { challenge, allowCredentials, ...options } = await post("/touches/challenge");
  const publicKey = { ...options, challenge: decode(challenge), allowCredentials: allowCredentials.map(descriptor) };
  const { id, type, response } = await given(() => navigator.credentials.get({ publicKey }));
  const { clientDataJSON, authenticatorData, signature } = response;
  await post("/touches", { answer: plain(id, type, { clientDataJSON, authenticatorData, signature }) });
}

/** Make a passkey, known as `label`. Throws a Problem that says what to do. */
export async function makePasskey(label) {
  const { challenge, user, excludeCredentials = [], ...options } = await post("/passkeys/challenge");
  const publicKey = {
    ...options,
    challenge: decode(challenge),
    user: { ...user, id: decode(user.id) },
    excludeCredentials: excludeCredentials.map(descriptor),
  };
  const { id, type, response } = await given(() => navigator.credentials.create({ publicKey }));
  const { clientDataJSON, attestationObject } = response;
  return post("/passkeys", { answer: plain(id, type, { clientDataJSON, attestationObject }), label });
}

/** `act()`; where it is refused for want of a touch, ask for one and do it again. */
export async function withTouch(act) {
  try {
    return await act();
  } catch (problem) {
    if (problem.code !== "step_up_required") throw problem;
    const done = problem.passkeys ? await askForTouch() : await askForPasskey();
    if (!done) throw problem;
    return act();
  }
}

function askForTouch() {
  return question({
    title: "Touch your key to go on",
    text: "Your finger, your face or the PIN of your passkey shows that it is you. Then this goes on by itself.",
    fields: [],
    go: "Touch it now",
    act: touch,
  });
}

/** Resolves with the new passkey, or null. `title`: why. */
export function askForPasskey(title = "Add a passkey to go on") {
  return question({
    title,
    text: "It stays in this device, in your phone or in a security key; Greenroom gets the public half of it.",
    fields: [field("What you call it", { name: "label", maxlength: 60, autocomplete: "off", value: "My passkey" })],
    go: "Add it",
    act: ({ label }) => withTouch(() => makePasskey(label.value)),
  });
}

/** What the browser gives, or the Problem it has in words. */
async function given(ask) {
  if (window.top !== window) throw new Problem({ code: "no_touch", detail: NOT_IN_A_FRAME });
  if (!navigator.credentials || !window.PublicKeyCredential) throw new Problem({ code: "no_touch", detail: NOT_HERE });
  try {
    return await ask();
  } catch ({ name }) {
    const isNumber = ["127.0.0.1", "[::1]"].includes(location.hostname);
    const why = { InvalidStateError: KNOWN, SecurityError: isNumber ? NOT_FOR_A_NUMBER : NOT_HERE };
    throw new Problem({ code: "no_touch", detail: why[name] ?? NO_TOUCH });
  }
}

function descriptor({ id, type }) {
  return { id: decode(id), type };
}

function plain(id, type, parts) {
  const response = Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, encode(new Uint8Array(bytes))]));
  return { id, rawId: id, type, response };
}

/** The bytes of base64url. */
function decode(text) {
  return Uint8Array.from(atob(text.replace(/[-_]/g, (mark) => ({ "-": "+", _: "/" })[mark])), (char) => char.charCodeAt(0));
}
