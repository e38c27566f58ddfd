// Tells a sign-in phone of each new sign-in, on whichever page of the portal is open (A4).
//
// Only a phone that holds a key of the account is told: a computer would hear of itself.

import { DeviceKey } from './device_key.js';
import { get } from './http.js';

const EVERY = 15000;
const SEEN = 'notices-seen';

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function show({ text }, words) {
  const box = element('div', 'notice toast', '');
  box.dataset.tone = 'warn';
  box.setAttribute('role', 'alert');
  const more = element('a', 'button danger small', words.open);
  more.href = '/phone#places';
  const close = element('button', 'button quiet small', words.close);
  close.type = 'button';
  close.addEventListener('click', () => box.remove());
  const actions = element('div', 'actions', '');
  actions.append(more, close);
  const body = element('div', 'stack-small', '');
  body.append(element('strong', '', text), actions);
  box.append(body);
  document.body.append(box);
}

async function look() {
  const answer = await get('/phone/notices').catch(() => undefined);
  if (!answer?.ok || !(await DeviceKey.find(answer.data.key).catch(() => undefined))) return false;
  const { notices, words } = answer.data;
  const newest = Math.max(0, ...notices.map(({ at }) => at));
  const seen = Number(localStorage.getItem(SEEN) ?? newest);
  for (const notice of notices) if (notice.at > seen) show(notice, words);
  localStorage.setItem(SEEN, String(Math.max(seen, newest)));
  return true;
}

export async function watchNotices() {
  const signedIn = document.querySelector('meta[name="csrf"]');
  if (!signedIn || !(await look())) return;
  setInterval(() => document.hidden || look(), EVERY);
  document.addEventListener('visibilitychange', () => document.hidden || look());
}
