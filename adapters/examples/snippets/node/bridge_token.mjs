// Verifies what the bridge signs for one app: tickets, the identity header, logout tokens.
// Node's own crypto only.
//
//   const bridge = new BridgeTokens({ issuer, audience, keys, firstUse });
//   const who = await bridge.ticket(form.ticket, { service, state: session.state });

import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";

const LEEWAY = 10;
const KEY_TYPES = { ES256: "EC", RS256: "RSA" };
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";

export class Refused extends Error {}

export class BridgeTokens {
  // algorithm: the one the app is registered with; a token never chooses it.
  // keys(fresh): the JWK Set of <issuer>/jwks; with fresh, not from the cache (a key is new).
  // firstUse(jti, exp): records jti until exp, and whether it was not there (a unique insert).
  constructor({ issuer, audience, algorithm = "ES256", secret = "", keys, firstUse }) {
    Object.assign(this, { issuer, audience, algorithm, secret, keys, firstUse });
    if (algorithm === "HS256" && secret.length < 32) throw new Error("HS256 needs a long secret");
  }

  async ticket(token, { service, state }) {
    const claims = await this.#claims(token, "ticket+jwt", 60);
    if (claims.service !== service) throw new Refused("meant for another address");
    if (!state || !same(claims.state, state)) throw new Refused("another attempt");
    if (!claims.jti || !(await this.firstUse(claims.jti, claims.exp))) throw new Refused("used before");
    return claims;
  }

  // The value of X-Bridge-Identity. Always ES256, with the bridge's key.
  async identity(header) {
    return this.#claims(header, "idpb-identity+jwt", 60, "ES256");
  }

  // End every session of the app that has claims.sid.
  async logout(token) {
    const claims = await this.#claims(token, "logout+jwt", 120);
    if (!claims.events?.[LOGOUT_EVENT] || !claims.sid) throw new Refused("no logout");
    return claims;
  }

  async #claims(token, type, life, algorithm = this.algorithm) {
    const parts = String(token).split(".");
    if (parts.length !== 3) throw new Refused("not a token");
    const [header, claims] = [parse(parts[0]), parse(parts[1])];
    if (header.typ !== type || header.alg !== algorithm) throw new Refused("another kind of token");
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
    if (!(await this.#isSigned(signed, Buffer.from(parts[2], "base64url"), header, algorithm))) {
      throw new Refused("signature");
    }
    if (claims.iss !== this.issuer || claims.aud !== this.audience) throw new Refused("another app's");
    const now = Date.now() / 1000;
    const { iat, exp } = claims;
    if (!Number.isInteger(iat) || !Number.isInteger(exp) || exp - iat > life) throw new Refused("moments");
    if (now < iat - LEEWAY || now >= exp + LEEWAY) throw new Refused("expired");
    return claims;
  }

  async #isSigned(signed, signature, header, algorithm) {
    if (algorithm === "HS256") {
      const own = createHmac("sha256", this.secret).update(signed).digest();
      return own.length === signature.length && timingSafeEqual(own, signature);
    }
    const isMeant = (key) => key.kid === header.kid && key.kty === KEY_TYPES[algorithm];
    const jwk =
      (await this.keys(false)).keys.find(isMeant) ?? (await this.keys(true)).keys.find(isMeant);
    if (!jwk) return false;
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signature);
  }
}

function parse(part) {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8")) ?? {};
  } catch {
    throw new Refused("not a token");
  }
}

function same(left, right) {
  const [a, b] = [Buffer.from(String(left)), Buffer.from(String(right))];
  return a.length === b.length && timingSafeEqual(a, b);
}
