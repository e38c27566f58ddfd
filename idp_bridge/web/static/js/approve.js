// The phone's page for one sign-in: scan, read, decide.
//
//     scan | foreign --gesture--> asked --approve--> digits | click --> done
//                                   \---deny-----> denied

import { all, announce, byId, fill, pageData, showState } from './dom.js';
import { sha256hex } from './device_key.js';
import { get, Offline, pause, post } from './http.js';
import { installWorker } from './install.js';
import { knownKey, offerRegistration } from './register.js';
import { ScanPanel } from './scan_panel.js';

const data = pageData();
const stage = byId('stage');
const words = byId('words').dataset;
const locale = document.documentElement.lang;

const PROBLEMS = {
  expired: 'gone',
  not_found: 'gone',
  conflict: 'conflict',
  step_up_needed: 'stepup',
  device_refused: 'device',
  too_far: 'far',
  qr_locked: 'locked',
  account_refused: 'refused',
  slow_down: 'slow',
  login_required: 'signin',
};

let key;
let asked;
let deadline = 0;
let position;
let waitingFrame = '';

const go = (name) => {
  if (name !== 'scan') panel.stop();
  showState(stage, name);
};

const panel = new ScanPanel({
  onFrame: (frame, gesture) => ask(frame, gesture),
  onTyped: (code) => call('/q/typed', { code }, { quiet: ['expired', 'invalid_grant'] }),
});

// One POST; problems that are states of this page are shown, and nothing is returned.
async function call(path, body, { quiet = [] } = {}) {
  let answer;
  try {
    const proof = key ? { DPoP: await key.dpop(path) } : {};
    answer = await post(path, body, proof);
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    byId('offline').hidden = false;
    return undefined;
  }
  byId('offline').hidden = true;
  if (answer.ok) return answer.data;
  if (quiet.includes(answer.error)) return answer;
  fill(stage, { wait: answer.retryAfter || 60 });
  go(PROBLEMS[answer.error] ?? 'failed');
  return undefined;
}

async function ask(frame, gesture) {
  go('reading');
  const answer = await call('/q/scan', { frame, gesture });
  if (!answer) return stage.dataset.showing === 'reading' && go('gone');
  asked = { ...answer, context: JSON.parse(answer.context), text: answer.context };
  deadline = performance.now() + answer.ends * 1000 - Date.now();
  showContext(asked.context);
  go('asked');
  return think(answer.wait * 1000);
}

function duration(minutes) {
  const whole = minutes % 60 === 0;
  return (whole ? words.hours : words.minutes).replace('#', whole ? minutes / 60 : minutes);
}

function showContext(context) {
  const facts = {
    kiosk: context.kiosk?.name ?? '',
    address: context.kiosk?.address ?? '',
    device: context.kiosk ? '' : [context.browser, context.system].filter(Boolean).join(' · '),
    city: context.city || words.city,
    network: context.kiosk ? '' : context.network,
    time: new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(
      new Date(context.at * 1000),
    ),
    from: context.app_hint,
  };
  fill(stage, { ...facts, grant: duration(context.minutes) });
  for (const element of all('[data-fact]', stage)) element.hidden = !facts[element.dataset.fact];
  for (const element of all('[data-for]', stage)) {
    element.hidden = element.dataset.for !== (context.kiosk ? 'kiosk' : 'computer');
  }
  for (const element of all('[data-warning]', stage)) {
    element.hidden = !context.warnings.includes(element.dataset.warning);
  }
  byId('location-note').hidden = !context.kiosk;
}

// Nobody can approve before there was time to read (P4).
async function think(wait) {
  const approve = byId('approve');
  const mine = asked;
  approve.disabled = true;
  approve.textContent = approve.dataset.wait;
  for (let passed = 0; passed < wait && asked === mine; passed += 200) {
    byId('wait').style.width = `${(passed / wait) * 100}%`;
    await pause(200);
  }
  // A little more than the server counts, for its clock began after this one.
  await pause(150);
  if (asked !== mine) return;
  byId('wait').style.width = '100%';
  approve.disabled = false;
  approve.textContent = approve.dataset.ready;
}

function whereAmI() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(undefined);
    const found = ({ coords: { latitude, longitude, accuracy } }) =>
      resolve({ latitude, longitude, accuracy, datum: 'WGS-84' });
    const options = { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 };
    return navigator.geolocation.getCurrentPosition(found, () => resolve(undefined), options);
  });
}

async function decide(decision) {
  const { context, reference, nonce, text } = asked;
  const content = { flow: reference, frame: context.frame, ctx: await sha256hex(text), nonce };
  const jws = await key.decide({ ...content, decision });
  return call('/q/decide', { reference, decision: jws, ...(position ? { position } : {}) });
}

async function approve() {
  const button = byId('approve');
  if (button.disabled) return;
  button.disabled = true;
  button.textContent = button.dataset.doing;
  const before = await signIns();
  if (asked.context.kiosk) position = await whereAmI();
  const answer = await decide('approve');
  if (!answer) {
    button.disabled = false;
    button.textContent = button.dataset.ready;
    return;
  }
  deadline = performance.now() + answer.ends * 1000 - Date.now();
  answer.digits ? showDigits(answer.digits) : go('click');
  await hearOfIt(before);
}

function showDigits(digits) {
  const box = byId('big-digits');
  box.replaceChildren(...[...digits].map((digit) => {
    const element = document.createElement('b');
    element.textContent = digit;
    return element;
  }));
  box.setAttribute('aria-label', `${box.dataset.label}: ${[...digits].join(' ')}`);
  go('digits');
  announce(box.getAttribute('aria-label'));
}

// Every sign-in is told to the phone (A4): here at once, later on the page about this phone.
async function hearOfIt(before) {
  const known = new Set(before.map(({ sid, at }) => `${sid} ${at}`));
  while (performance.now() < deadline + 30000) {
    await pause(2000);
    const fresh = (await signIns()).find(({ sid, at }) => !known.has(`${sid} ${at}`));
    if (fresh) {
      const place = fresh.kiosk || [fresh.browser, fresh.system].filter(Boolean).join(' · ');
      fill(stage, { place });
      return go('done');
    }
  }
  return go('gone');
}

async function signIns() {
  const answer = await get('/phone/sign-ins').catch(() => undefined);
  return answer?.ok ? answer.data.sign_ins : [];
}

async function deny() {
  byId('deny').disabled = true;
  if (await decide('deny')) go('denied');
  byId('deny').disabled = false;
}

function scan() {
  asked = undefined;
  go('scan');
  panel.offer();
}

function rest() {
  if (!data.signedIn) return go('signin');
  return key ? scan() : go('register');
}

async function begin() {
  const frame = location.hash.slice(1);
  // The code leaves the address bar, the history and every screenshot of them.
  if (frame) history.replaceState(null, '', location.pathname);
  fill(stage, { click: data.name ? `${data.name.trim().slice(0, 1)}*` : '' });
  key = data.signedIn ? await knownKey(data) : undefined;
  if (!frame) return rest();
  go('reading');
  const held = await call('/q/seen', { frame });
  if (!held) return undefined;
  if (!data.signedIn || !key) return rest();
  // Scanned by another app: nothing happens before the person says so (P5).
  waitingFrame = frame;
  return go('foreign');
}

const acts = {
  again: rest,
  stop: rest,
  continue: () => ask(waitingFrame, 'foreign'),
};
for (const button of all('[data-act]')) {
  button.addEventListener('click', () => acts[button.dataset.act]());
}
byId('approve').addEventListener('click', approve);
byId('decide').addEventListener('submit', (event) => {
  event.preventDefault();
  deny();
});
if (data.signedIn) {
  offerRegistration(data.key, (made) => {
    key = made;
    byId('registered').hidden = false;
    scan();
  });
}
setInterval(() => {
  fill(stage, { left: Math.max(0, Math.ceil((deadline - performance.now()) / 1000)) });
  if (stage.dataset.showing === 'asked' && performance.now() > deadline) go('gone');
}, 250);
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
installWorker();
await begin();
