// Talking to our own server. What changes something is signed with this device's key.

import { signedFetch, unsignedFetch } from "./device.js";
import { Problem, problemOf } from "./problem.js";

const UNREACHABLE = {
  code: "unreachable",
  detail: "Greenroom cannot be reached. Check your connection; your clips are safe.",
};

/** `body`: a file is sent as it is, anything else as JSON. */
export async function ask(method, path, body) {
  const isFile = body instanceof Blob;
  const send = method === "GET" ? unsignedFetch : signedFetch;
  let response;
  try {
    response = await send(path, {
      method,
      headers: body === undefined ? {} : { "content-type": isFile ? body.type : "application/json" },
      body: body === undefined || isFile ? body : JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    throw new Problem(UNREACHABLE);
  }
  if (!response.ok) throw await problemOf(response);
  const isJson = (response.headers.get("content-type") || "").includes("json");
  return isJson ? response.json() : {};
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
