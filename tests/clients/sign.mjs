// Two independent clients of RFC 9449 make a clip each: `node sign.mjs URL TOKEN TOKEN`.

import * as DPoP from "dpop";
import * as oauth from "oauth4webapi";

const [url, first, second] = process.argv.slice(2);
const address = new URL("/jobs?ignored=1", url);
const headers = { "content-type": "application/json" };
const body = JSON.stringify({ prompt: "a red ball", seconds: 1, size: "256x256" });

async function withDpop(token) {
  const keys = await DPoP.generateKeyPair("ES256");
  const statuses = [];
  let nonce;
  for (let tries = 0; tries < 2; tries++) {
    const dpop = await DPoP.generateProof(keys, url + "/jobs", "POST", nonce, token);
    const answer = await fetch(address, { method: "POST", headers: { ...headers, dpop, authorization: `DPoP ${token}` }, body });
    statuses.push(answer.status);
    nonce = answer.headers.get("dpop-nonce");
  }
  return statuses;
}

async function withOauth(token) {
  const signer = oauth.DPoP({ client_id: "a script" }, await oauth.generateKeyPair("ES256"));
  const options = { DPoP: signer, [oauth.allowInsecureRequests]: true };
  const ask = () => oauth.protectedResourceRequest(token, "POST", address, new Headers(headers), body, options);
  try {
    await ask();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return ["nonce", (await ask()).status];
  }
}

console.log(JSON.stringify({ dpop: await withDpop(first), oauth4webapi: await withOauth(second) }));
