// The police doorplate portal on Express: everybody with a role reads, editors edit.
import express from "express";
import session from "express-session";

import { LogoutRefused, SignIn } from "./sign_in.js";

const { APP_URL, LISTEN, SESSION_SECRET } = process.env;
const [host, port] = LISTEN.split(":");
const store = new session.MemoryStore();
const signIn = await SignIn.at(process.env, store);
const app = express();

app.disable("x-powered-by");
app.get("/healthz", (request, response) => response.json({ ready: true }));
app.get("/signed-out", (request, response) => response.json({ signed: "out" }));
app.post("/backchannel-logout", express.urlencoded({ extended: false }), async (request, response) => {
  response.set("Cache-Control", "no-store");
  await signIn.endNamed(request.body?.logout_token);
  response.json({});
});

app.use(session({
  store,
  secret: SESSION_SECRET,
  // Cookies ignore ports, so the name carries the port; __Host- pins host and path.
  name: `__Host-app-${new URL(APP_URL).port || 443}`,
  resave: false,
  saveUninitialized: false,
  cookie: { secure: true, httpOnly: true, sameSite: "lax", path: "/" },
}));
// The app's own TLS ends before it; what is told here is the public address, not a header.
app.use((request, response, next) => {
  Object.defineProperty(request, "secure", { value: true });
  response.set("Cache-Control", "no-store");
  next();
});

app.get("/login", async (request, response) => response.redirect(await signIn.begin(request.session)));
app.get("/callback", async (request, response) => {
  await signIn.finish(request);
  response.redirect("/");
});
app.post("/logout", async (request, response) => {
  if (request.get("origin") !== APP_URL) return response.status(403).json({ error: "cross_site" });
  const there = signIn.signOutUrl(request.session);
  await new Promise((done) => request.session.destroy(done));
  return response.redirect(303, there);
});

// Who is there, with a role of this app; several names mean any of them.
function requireRole(...wanted) {
  return (request, response, next) => {
    const who = request.session.person;
    if (!who) return response.status(401).json({ error: "login_required" });
    if (!who.roles.some((role) => wanted.includes(role))) return response.status(403).json({ error: "refused" });
    request.person = who;
    return next();
  };
}

app.get("/", (request, response, next) => (request.session.person ? next() : response.redirect("/login")));
app.get("/", requireRole("reader", "editor"), (request, response) => {
  const name = request.person.name.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  response.send(`<!doctype html><html lang=zh-CN><meta charset=utf-8><title>门楼牌</title><h1>您好，${name}</h1>`);
});
app.get("/whoami", requireRole("reader", "editor"), (request, response) => {
  const { issuer, subject, name, roles, acr } = request.person;
  response.json({ issuer, subject, name, roles, acr });
});
app.get("/plates/edit", requireRole("editor"), (request, response) => response.json({ plate: "共乐路 18 号" }));

app.use((error, request, response, next) => {
  const refused = error instanceof LogoutRefused;
  response.status(400).json({ error: refused ? "invalid_request" : "sign_in_failed" });
});
app.listen(Number(port), host);
