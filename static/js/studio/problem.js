// A refusal, with a sentence for people.

export class Problem extends Error {
  constructor(document) {
    super(document.detail || "Something went wrong. Try again.");
    this.code = document.code || "error";
    this.field = document.field;
    this.passkeys = document.passkeys;
    this.status = document.status;
  }
}

/** What a refused `response` says. */
export async function problemOf(response) {
  const isJson = (response.headers.get("content-type") || "").includes("json");
  const { error, ...document } = isJson ? await response.json() : {};
  const asked = error && { detail: error.message, code: error.code, field: error.param }; // as /v1 says it
  return new Problem({ status: response.status, ...document, ...asked });
}

/** The sign-in is over, or this device cannot show that it is its own: signing in again helps. */
export function needsSignIn({ code, status }) {
  return ["proof_required", "wrong_device"].includes(code) || (status === 401 && code !== "proof_invalid");
}
