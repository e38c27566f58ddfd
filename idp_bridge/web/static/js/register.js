// Makes this phone a sign-in phone: a new key, proven to the server right after a fresh sign-in.

import { DeviceKey } from './device_key.js';
import { byId } from './dom.js';
import { Offline, post } from './http.js';

const PATH = '/phone/register';

// The key of this account, if the server still knows it; a removed one is forgotten here too.
export async function knownKey({ key, devices }) {
  const found = await DeviceKey.find(key).catch(() => undefined);
  if (!found || devices.includes(found.thumbprint)) return found;
  await DeviceKey.forget(key);
  return undefined;
}

function say(kind) {
  const box = byId('register-problem');
  box.hidden = !kind;
  box.textContent = kind ? box.dataset[kind] : '';
}

async function register(name, label) {
  let key;
  try {
    key = await DeviceKey.create();
    // Kept before it is registered: a browser that cannot keep it must not leave a key behind.
    await key.keep(name);
  } catch {
    return say('unsupported');
  }
  const answer = await post(PATH, { label }, { DPoP: await key.dpop(PATH) }).catch((error) => {
    if (error instanceof Offline) return undefined;
    throw error;
  });
  if (answer?.ok) return key;
  await DeviceKey.forget(name);
  if (answer?.error === 'fresh_sign_in_needed' || answer?.error === 'login_required') {
    byId('register').hidden = true;
    byId('register-fresh').hidden = false;
    return undefined;
  }
  return say(answer ? 'failed' : 'offline');
}

// Calls `done(key)` once the phone is registered under the name `name`.
export function offerRegistration(name, done) {
  const form = byId('register');
  const button = byId('register-button');
  const word = button.textContent;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    say('');
    button.disabled = true;
    button.textContent = button.dataset.doing;
    const key = await register(name, byId('label').value.trim());
    button.disabled = false;
    button.textContent = word;
    if (key) done(key);
  });
}
