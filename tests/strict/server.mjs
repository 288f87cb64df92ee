// A strict authorization server on oidc-provider: PKCE, single-use codes, private_key_jwt, RFC 9207, rotating refresh tokens.
// node server.mjs <port> <callback> <the app's JWKS URL> <FHIR base> <scopes>; GET /control/rotate gives it a new key, GET /control counts.
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import Provider from "oidc-provider";

const [port, callback, appKeys, fhirBase, scopes] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const seen = { granted: [], refused: [] };

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

async function grantAll(ctx) {
  const { client, session, params } = ctx.oidc;
  const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

function make(key) {
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: [
      {
        client_id: "fibrinogen-watch",
        redirect_uris: [callback],
        token_endpoint_auth_method: "private_key_jwt",
        jwks_uri: appKeys,
        grant_types: ["authorization_code", "refresh_token"],
      },
    ],
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own one refuses loopback, where the app is
    pkce: { required: () => true },
    scopes: scopes.split(" "),
    extraParams: ["aud", "launch"],
    claims: { openid: ["sub"], fhirUser: ["fhirUser"] },
    conformIdTokenClaims: false,
    enabledJWA: { clientAuthSigningAlgValues: ["ES384", "RS384"], idTokenSigningAlgValues: ["RS256"] },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true }, resourceIndicators: { enabled: false } },
    findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub, fhirUser: `${fhirBase}/Practitioner/7` }) }),
    issueRefreshToken: (ctx, client, code) => code.scopes.has("online_access"),
    rotateRefreshToken: true,
    loadExistingGrant: grantAll,
    interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
    cookies: { keys: [randomUUID()] },
    ttl: { AuthorizationCode: 60, AccessToken: 300, IdToken: 300, RefreshToken: 3600, Grant: 3600, Interaction: 60, Session: 600 },
  });
  provider.use(async (ctx, next) => {
    if (ctx.path === "/auth" && ctx.query.aud !== fhirBase) ctx.throw(400, "aud is not the FHIR server");
    await next();
    if (ctx.path === "/token" && ctx.status === 200) Object.assign(ctx.body, { patient: "P1", need_patient_banner: true });
  });
  provider.on("grant.success", (ctx) => seen.granted.push(ctx.oidc.params.grant_type));
  provider.on("grant.error", (ctx, error) => seen.refused.push(`${error.message} ${error.error_detail ?? ""}`));
  return provider;
}

let provider = make(newKey());

createServer(async (request, response) => {
  if (request.url.startsWith("/sign-in/")) {
    await provider.interactionFinished(request, response, { login: { accountId: "osei" } });
  } else if (request.url === "/control/rotate") {
    provider = make(newKey());
    response.end("rotated");
  } else if (request.url === "/control") {
    response.end(JSON.stringify(seen));
  } else {
    provider.callback()(request, response);
  }
}).listen(Number(port), "127.0.0.1", () => console.log("listening"));
