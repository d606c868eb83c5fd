// An independent OpenID provider for the tests: npm `oidc-provider`, its own sign-in forms, and
// people whose name says what is special about them. Arguments: issuer, port, redirect URI.

import Provider from "oidc-provider";

const [issuer, port, redirectUri] = process.argv.slice(2);

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "greenroom",
      client_secret: "a secret between the provider and greenroom",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  cookies: { keys: ["a key of the tests"] },
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username", "orgs"],
    email: ["email", "email_verified"],
  },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: id,
      preferred_username: id,
      email: `${id}@Example.org`,
      email_verified: !id.startsWith("unverified"),
      orgs: [{ sub: "1", preferred_username: "film-club", pendingSSO: id.startsWith("pending") }],
    }),
  }),
});

provider.listen(Number(port), "127.0.0.1");
