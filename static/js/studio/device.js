// The key of this device, which never leaves this browser, and the proofs it signs (DPoP, RFC 9449).

import { Problem } from "./problem.js";

const DATABASE = "greenroom";
const STORE = "keys";
const MINE = "device";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

const plainFetch = fetch.bind(window); // the studio puts a signing one in its place
let nonce = "";
let found = null;

const NOT_SAFE_HERE =
  "This address cannot keep a device key: open Greenroom over https, or on its own machine as localhost.";
const NOT_KEPT_HERE =
  "This browser keeps no device key, as in some private windows. Use an ordinary window, or allow this site to store data, and try again.";

/** This device's key pair, made here if need be. Throws a Problem that says what to do. */
export async function makeKey() {
  if (!window.isSecureContext || !crypto.subtle) throw new Problem({ code: "no_key", detail: NOT_SAFE_HERE });
  try {
    const fresh = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
    found = await inStore("readwrite", (store, resolve) => {
      const kept = store.get(MINE);
      kept.onsuccess = () => {
        if (!kept.result) store.put(fresh, MINE);
        resolve(kept.result ?? fresh);
      };
    });
  } catch {
    throw new Problem({ code: "no_key", detail: NOT_KEPT_HERE });
  }
  navigator.storage?.persist?.().catch(() => {}); // browsers that clear up should spare it
  return found;
}

/** This device's key pair, or null: without one the server says what to do. */
async function keptKey() {
  try {
    found ??= await inStore("readonly", (store, resolve) => {
      const kept = store.get(MINE);
      kept.onsuccess = () => resolve(kept.result ?? null);
    });
  } catch {
    found = null;
  }
  return found;
}

/** One transaction; resolves with what `act` resolved with, once it is on disk. */
function inStore(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      let result = null;
      act(transaction.objectStore(STORE), (value) => (result = value));
      transaction.oncomplete = () => {
        database.close();
        resolve(result);
      };
      transaction.onabort = () => reject(transaction.error);
    };
  });
}

/** `fetch` with a proof; asks once more where the server wants a newer nonce. */
export async function signedFetch(path, options) {
  const used = nonce;
  const response = await sendSigned(path, options);
  if (response.status !== 401 || nonce === used) return response;
  return sendSigned(path, options);
}

async function sendSigned(path, options) {
  const key = await keptKey();
  const headers = new Headers(options.headers);
  if (key) headers.set("dpop", await prove(key, options.method, new URL(path, location.href)));
  return unsignedFetch(path, { ...options, headers });
}

/** `fetch` that learns the nonce the next proof must carry. */
export async function unsignedFetch(path, options) {
  const response = await plainFetch(path, options);
  nonce = response.headers.get("dpop-nonce") ?? nonce;
  return response;
}

async function prove(key, method, { origin, pathname }) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } };
  const claims = {
    jti: crypto.randomUUID(),
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(Date.now() / 1000),
    nonce,
  };
  const body = [header, claims].map((part) => encode(new TextEncoder().encode(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign(SIGNATURE, key.privateKey, new TextEncoder().encode(body));
  return `${body}.${encode(new Uint8Array(signature))}`;
}

/** base64url without padding. */
export function encode(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (mark) => ({ "+": "-", "/": "_", "=": "" })[mark]);
}

/** What the tester knows this device by: `Chrome on Linux`. */
export function deviceName() {
  const agent = navigator.userAgent;
  const pick = (names) => names.find(([, shape]) => shape.test(agent))?.[0];
  const browser = pick([["Edge", /Edg\//], ["Opera", /OPR\//], ["Firefox", /Firefox\/|FxiOS/], ["Chrome", /Chrome\/|CriOS/], ["Safari", /Safari\//]]);
  const system = pick([["iPhone", /iPhone/], ["iPad", /iPad/], ["Android", /Android/], ["Windows", /Windows/], ["Mac", /Macintosh/], ["Linux", /Linux/]]);
  return `${browser ?? "A browser"}${system ? ` on ${system}` : ""}`;
}
