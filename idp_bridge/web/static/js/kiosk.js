// A kiosk's shell. It stays in its own window, opens the portal in another, and cleans up after
// people: when they press "finish", stop touching the screen, or stay too long.
//
//     enrol -> welcome --start--> busy --finish | idle | too long--> clearing -> welcome
//
// Idleness is the whole screen's, whichever site is in front (Idle Detection API). A browser without
// it counts from the last touch that this shell saw: it then ends too early rather than too late.

import { DeviceKey } from './device_key.js';
import { all, byId, fill, pageData, showState } from './dom.js';
import { post } from './http.js';

const data = pageData();
const stage = byId('stage');
const KIOSK = 'kiosk';

let portal;
let ends = 0;
let lastTouch = 0;
let watching = false;

const now = () => performance.now();

async function watchIdle() {
  if (!globalThis.IdleDetector) return;
  try {
    const detector = new IdleDetector();
    detector.addEventListener('change', () => {
      const away = detector.userState === 'idle' || detector.screenState === 'locked';
      if (away && portal) finish();
    });
    // The browser asks for a minute at least.
    await detector.start({ threshold: Math.max(60000, data.idle * 1000) });
    watching = true;
  } catch {
    watching = false;
  }
}

function openPortal() {
  portal = window.open(data.portal, 'portal', `popup,width=${screen.width},height=${screen.height}`);
}

function start() {
  openPortal();
  lastTouch = now();
  ends = now() + data.longest * 1000;
  showState(stage, 'busy');
}

// A window that was closed, or whose site cut the tie to this one, is opened again.
function back() {
  if (portal.closed) openPortal();
  else portal.focus();
}

async function finish() {
  const open = portal;
  portal = undefined;
  showState(stage, 'clearing');
  open?.close();
  // Nobody else may sit down before the session is over: try until the network carries it.
  for (;;) {
    const answer = await post('/kiosk/end').catch(() => undefined);
    if (answer?.status === 204) break;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
  showState(stage, 'welcome');
}

function tick() {
  if (!portal) return;
  const idleEnds = watching ? Infinity : lastTouch + data.idle * 1000;
  const left = Math.min(ends, idleEnds) - now();
  fill(stage, { left: Math.max(0, Math.ceil(left / 1000)) });
  if (left <= 0) finish();
}

async function enrol(event) {
  event.preventDefault();
  const problem = byId('enrol-problem');
  problem.hidden = true;
  const key = await DeviceKey.create();
  const proof = await key.prove('kiosk+jwt', '/kiosk/enrol');
  const answer = await post('/kiosk/enrol', { code: byId('code').value, proof }).catch(() => undefined);
  if (!answer?.ok) {
    const wrong = answer && answer.status < 500;
    problem.textContent = problem.dataset[wrong ? 'wrong' : 'failed'];
    problem.hidden = false;
    return;
  }
  await key.keep(KIOSK, answer.data);
  await globalThis.IdleDetector?.requestPermission().catch(() => {});
  await open();
}

async function open() {
  const key = await DeviceKey.find(KIOSK);
  if (!key) return showState(stage, 'enrol');
  fill(stage, { place: `${key.facts.name} · ${key.facts.address}` });
  await watchIdle();
  // Whatever an interrupted visit left behind is ended before the first person comes.
  return finish();
}

const acts = { start, finish, back };
for (const button of all('[data-act]')) {
  button.addEventListener('click', () => acts[button.dataset.act]());
}
byId('enrol').addEventListener('submit', enrol);
for (const kind of ['pointerdown', 'keydown']) {
  addEventListener(kind, () => (lastTouch = now()));
}
// Pages of the portal that know they were opened by a kiosk tell of touches in them.
addEventListener('message', ({ source, data: said }) => {
  if (source === portal && said === 'touched') lastTouch = now();
});
setInterval(tick, 500);
await open();
