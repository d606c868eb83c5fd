// Talking to our own server. A refusal arrives as a Problem with a sentence for people.

export class Problem extends Error {
  constructor(document) {
    super(document.detail || "Something went wrong. Try again.");
    this.code = document.code || "error";
    this.field = document.field;
    this.status = document.status;
  }
}

const UNREACHABLE = {
  code: "unreachable",
  detail: "Greenroom cannot be reached. Check your connection; your clips are safe.",
};

export async function ask(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    throw new Problem(UNREACHABLE);
  }
  const isJson = (response.headers.get("content-type") || "").includes("json");
  const document = isJson ? await response.json() : {};
  if (!response.ok) throw new Problem({ status: response.status, ...document });
  return document;
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
