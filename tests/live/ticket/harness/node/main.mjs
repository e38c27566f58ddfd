// Lines in: kind, token, service, state, separated by tabs. Lines out: "ok <subject>" or "refused".

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { BridgeTokens, Refused } from "./bridge_token.mjs";

const [issuer, audience, algorithm, file] = process.argv.slice(2);
const read = () => readFileSync(file, "utf8");
let cached = algorithm === "HS256" ? "" : read();
const seen = new Set();
const bridge = new BridgeTokens({
  issuer,
  audience,
  algorithm,
  secret: algorithm === "HS256" ? read() : "",
  keys: (fresh) => JSON.parse(fresh ? (cached = read()) : cached),
  firstUse: (jti) => !seen.has(jti) && Boolean(seen.add(jti)),
});

for await (const line of createInterface({ input: process.stdin })) {
  const [kind, token, service, state] = line.split("\t");
  try {
    const claims = await bridge[kind](token, { service, state });
    console.log(`ok ${claims.sub}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.log("refused");
  }
}
