// The page at the computer or kiosk: shows the code, says what to do, and signs in once.

import { DeviceKey } from './device_key.js';
import { all, announce, byId, fill, one, pageData, showState } from './dom.js';
import { drawQr } from './qr_draw.js';
import { QrSession } from './qr_session.js';

const data = pageData();
const stage = byId('stage');
const KIOSK = 'kiosk';

const REFUSALS = {
  qr_locked: 'refused',
  account_refused: 'refused',
  access_denied: 'refused',
  kiosk_refused: 'refused',
  slow_down: 'limited',
  invalid_grant: 'lost',
  not_found: 'lost',
};

let view = {};
let deadline = 0;
let frame = { ends: 0 };
let claiming = false;

const session = new QrSession(data, (kind, facts) => {
  byId('offline').hidden = kind !== 'offline';
  if (kind === 'status') show(facts);
  if (kind === 'error') refuse(facts);
});

async function kioskProof() {
  const key = await DeviceKey.find(KIOSK);
  if (!key) return undefined;
  const proof = await key.prove('kiosk+jwt', '/qr/start', { interaction: data.interaction });
  return { id: key.facts.id, proof };
}

function start() {
  claiming = false;
  byId('typed').hidden = true;
  byId('ask-typed').hidden = false;
  session.start(kioskProof);
}

function go(name, options) {
  showState(stage, name, options);
  byId('other-ways').hidden = ['done', 'click', 'check'].includes(name);
  byId('other-form').hidden = name === 'phone';
}

function show(status) {
  const before = view.state;
  view = status;
  deadline = performance.now() + (status.ends - status.now) * 1000;
  const views = { pending, scanned, approved, confirmed: claim, expired: () => expired(before) };
  const next = views[status.state];
  if (next) return next();
  session.stop();
  return go(status.state === 'claimed' ? 'lost' : status.state);
}

function pending() {
  byId('cover-loading').hidden = true;
  byId('cover-paused').hidden = true;
  drawQr(byId('code'), data.codeUrl + view.frame, byId('code').dataset.label);
  frame = { ends: performance.now() + (view.frame_ends - view.now) * 1000 };
  go('pending');
}

function scanned() {
  go('scanned');
  announce(one('[data-state="scanned"] .lead', stage).textContent);
}

function approved() {
  fill(stage, { initial: view.name.slice(0, 1), check_as: view.name, click_as: view.name });
  if (!view.digits) return go('click');
  if (stage.dataset.showing !== 'check') {
    byId('digits').value = '';
    byId('check-answer').textContent = '';
  }
  return go('check');
}

function expired(before) {
  session.stop();
  if (before !== 'pending' && before !== undefined) return go('expired');
  // Codes do not renew themselves for ever: a click asks for more (L2).
  byId('code').replaceChildren();
  byId('cover-loading').hidden = true;
  byId('cover-paused').hidden = false;
  return go('pending', { focus: one('[data-act="continue"]') });
}

function refuse(answer) {
  session.stop();
  fill(stage, { limited: answer.retryAfter || 60 });
  go(REFUSALS[answer.error] ?? 'failed');
}

async function claim() {
  if (claiming) return;
  claiming = true;
  session.stop();
  go('done');
  const answer = await session.act('claim');
  if (answer?.ok) location.replace(answer.data.location);
  else if (answer) refuse(answer);
}

async function confirm(digits) {
  const answer = await session.act('confirm', { digits });
  if (!answer) return;
  if (answer.ok) show(answer.data);
  else if (answer.error !== 'wrong_digits') {
    session.stop();
    go(answer.error === 'expired' || answer.error === 'conflict' ? 'expired' : 'failed');
  } else if (answer.data.left === 0) {
    session.stop();
    go('wrong');
  } else wrong(answer.data.left);
}

function wrong(left) {
  const box = byId('check-answer');
  box.textContent = box.dataset.wrong.replace('#', left);
  byId('digits').value = '';
  byId('digits').setAttribute('aria-invalid', 'true');
  byId('digits').focus();
}

async function check() {
  const input = byId('digits');
  if (input.value.length !== Number(input.dataset.length) || input.disabled) return input.focus();
  input.disabled = true;
  byId('check-answer').textContent = byId('check-answer').dataset.checking;
  const digits = input.value;
  try {
    await confirm(digits);
  } finally {
    input.disabled = false;
    if (stage.dataset.showing === 'check') input.focus();
  }
  return undefined;
}

async function cancel() {
  session.stop();
  await session.act('discard');
  go('cancelled');
}

async function typed() {
  const answer = await session.act('short-code');
  if (!answer?.ok) return;
  fill(stage, { typed: answer.data.code });
  byId('typed').hidden = false;
  byId('ask-typed').hidden = true;
}

function tick() {
  const now = performance.now();
  const left = Math.max(0, (frame.ends - now) / (data.rotate * 1000));
  byId('ring').setAttribute('stroke-dasharray', `${Math.min(1, left) * 100} 100`);
  fill(stage, { left: Math.max(0, Math.ceil((deadline - now) / 1000)) });
}

async function isPhone() {
  if (await DeviceKey.find(KIOSK)) return false;
  const small = Math.min(screen.width, screen.height) < 600;
  return navigator.userAgentData?.mobile || (small && matchMedia('(pointer: coarse)').matches);
}

const acts = { continue: start, again: start, 'show-code': start, typed, cancel, confirm: () => confirm('') };
for (const button of all('[data-act]')) {
  button.addEventListener('click', () => acts[button.dataset.act]());
}
byId('check').addEventListener('submit', (event) => {
  event.preventDefault();
  check();
});
byId('digits').addEventListener('input', ({ target }) => {
  target.value = target.value.replace(/\D/g, '');
  target.removeAttribute('aria-invalid');
  if (target.value.length === Number(target.dataset.length)) check();
});
// A page that the back button brings back is asked again: what it shows may be long over.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
setInterval(tick, 250);

if (await isPhone()) go('phone');
else {
  go('pending');
  start();
}
