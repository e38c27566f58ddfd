// Signing in with openid-client, and what that library leaves to the app: roles, acr, back-channel logout.
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";

const LEVELS = ["activation", "qr", "password", "mfa", "passkey"];
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";

export class LogoutRefused extends Error {}

export class SignIn {
  static async at(environment, store) {
    const { ISSUER, CLIENT_ID, CLIENT_SECRET } = environment;
    const issuer = new URL(ISSUER);
    const relaxed = issuer.hostname === "localhost" ? [client.allowInsecureRequests] : [];
    const configuration = await client.discovery(
      issuer, CLIENT_ID, {}, client.ClientSecretBasic(CLIENT_SECRET),
      { execute: [...relaxed, client.enableNonRepudiationChecks] },
    );
    return new SignIn(environment, store, configuration);
  }

  constructor(environment, store, configuration) {
    this.appUrl = environment.APP_URL;
    this.clientId = environment.CLIENT_ID;
    this.requiredAcr = environment.REQUIRED_ACR ?? "qr";
    this.store = store;
    this.configuration = configuration;
    this.keys = createRemoteJWKSet(new URL(configuration.serverMetadata().jwks_uri));
  }

  // Where to send the browser; the attempt is remembered in its own session.
  async begin(session) {
    const verifier = client.randomPKCECodeVerifier();
    session.attempt = { verifier, state: client.randomState(), nonce: client.randomNonce() };
    return client.buildAuthorizationUrl(this.configuration, {
      redirect_uri: `${this.appUrl}/callback`,
      scope: "openid profile",
      state: session.attempt.state,
      nonce: session.attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    }).href;
  }

  // Redeem the code. The session's id is new each time, whatever the browser brought.
  async finish(request) {
    const attempt = request.session.attempt;
    if (!attempt) throw new Error("this browser began no sign-in");
    const there = new URL(request.originalUrl, this.appUrl);
    const tokens = await client.authorizationCodeGrant(this.configuration, there, {
      pkceCodeVerifier: attempt.verifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
    const person = this.person(tokens.claims());
    await new Promise((done, failed) => request.session.regenerate((error) => (error ? failed(error) : done())));
    request.session.person = person;
    request.session.idToken = tokens.id_token;
  }

  // The app's own client roles, and only of a sign-in that was sure enough: Keycloak does not enforce it.
  person(claims) {
    if (LEVELS.indexOf(claims.acr) < LEVELS.indexOf(this.requiredAcr)) throw new Error("the sign-in was too weak");
    return {
      issuer: claims.iss,
      subject: claims.sub,
      sid: claims.sid,
      name: claims.name ?? claims.preferred_username ?? "",
      roles: (claims.resource_access?.[this.clientId]?.roles ?? []).toSorted(),
      acr: claims.acr,
    };
  }

  signOutUrl(session) {
    if (!session.idToken) return "/signed-out";
    return client.buildEndSessionUrl(this.configuration, {
      id_token_hint: session.idToken,
      post_logout_redirect_uri: `${this.appUrl}/signed-out`,
    }).href;
  }

  // Back-channel logout: by sid, and only without it by sub.
  async endNamed(token) {
    const named = await this.logoutClaims(token);
    const sessions = await new Promise((done, failed) => {
      this.store.all((error, found) => (error ? failed(error) : done(found)));
    });
    for (const [id, { person }] of Object.entries(sessions)) {
      if (person && (named.sid ? person.sid === named.sid : person.subject === named.sub)) this.store.destroy(id);
    }
  }

  async logoutClaims(token) {
    const { payload } = await jwtVerify(token ?? "", this.keys, {
      issuer: this.configuration.serverMetadata().issuer,
      audience: this.clientId,
      algorithms: ["RS256", "ES256"],
      requiredClaims: ["iat", "exp", "jti"],
      maxTokenAge: "2 minutes",
      clockTolerance: 10,
    }).catch(() => { throw new LogoutRefused("not a valid token"); });
    const event = payload.events?.[LOGOUT_EVENT];
    if (typeof event !== "object" || "nonce" in payload || !(payload.sid || payload.sub)) {
      throw new LogoutRefused("not a logout token");
    }
    return payload;
  }
}
