// The scanner as people meet it: camera, or a picture, or a typed code; says what is wrong.

import { byId } from './dom.js';
import { readPicture } from './qr_read.js';
import { Scanner } from './scanner.js';

const FRAME = /^[A-Za-z0-9_-]{22}$/;

// What a scanned text is: our code's frame, a foreign address, or something else.
export function understood(text, origin) {
  let address;
  try {
    address = new URL(text);
  } catch {
    return { foreign: '' };
  }
  const ours = address.origin === origin && address.pathname === '/q' && !address.search;
  const frame = address.hash.slice(1);
  return ours && FRAME.test(frame) ? { frame } : { foreign: address.host };
}

export class ScanPanel {
  #scanner;
  #onFrame;
  #onTyped;

  constructor({ onFrame, onTyped }) {
    this.#onFrame = onFrame;
    this.#onTyped = onTyped;
    this.#scanner = new Scanner(byId('video'), {
      onText: (text) => this.#take(text),
      onState: (state) => this.#show(state),
    });
    byId('camera-open').addEventListener('click', () => this.#scanner.start());
    byId('torch').addEventListener('click', ({ currentTarget }) => this.#torch(currentTarget));
    byId('picture').addEventListener('change', ({ target }) => this.#picture(target));
    byId('type-code').addEventListener('click', ({ currentTarget }) => {
      byId('typed-form').hidden = false;
      currentTarget.setAttribute('aria-expanded', 'true');
      byId('typed').focus();
    });
    byId('typed-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#typed();
    });
  }

  // Starts the camera by itself only where the person allowed it before.
  async offer() {
    this.#say('');
    const query = navigator.permissions?.query({ name: 'camera' });
    const { state } = (await query?.catch(() => undefined)) ?? {};
    if (state === 'granted') await this.#scanner.start();
  }

  stop() {
    if (this.#scanner.running) this.#scanner.stop();
  }

  #take(text) {
    const { frame, foreign } = understood(text, location.origin);
    if (!frame) {
      this.#say(foreign ? 'host' : 'text', foreign);
      return false;
    }
    this.#scanner.stop();
    this.#onFrame(frame, 'in_app');
    return true;
  }

  async #picture(input) {
    const [file] = input.files;
    input.value = '';
    if (!file) return;
    const text = await readPicture(file);
    if (text) this.#take(text);
    else this.#say('picture');
  }

  async #typed() {
    const input = byId('typed');
    const answer = await this.#onTyped(input.value);
    if (answer?.frame) {
      input.value = '';
      this.#onFrame(answer.frame, 'typed');
    } else if (answer) this.#say('typed');
  }

  async #torch(button) {
    const on = button.getAttribute('aria-pressed') !== 'true';
    await this.#scanner.torch(on);
    button.setAttribute('aria-pressed', String(on));
  }

  #show(state) {
    const scanning = state === 'scanning';
    const word = byId('camera-word');
    byId('camera-cover').hidden = scanning;
    byId('aim').hidden = !scanning;
    byId('torch').hidden = !(scanning && this.#scanner.hasTorch);
    byId('camera-open').hidden = state === 'starting' || state === 'insecure';
    if (!scanning) word.textContent = word.dataset[state];
    if (state === 'refused' || state === 'absent' || state === 'busy') {
      byId('camera-open').textContent = byId('camera-open').dataset.again;
    }
  }

  #say(kind, host = '') {
    const box = byId('scan-problem');
    box.hidden = !kind;
    box.textContent = kind ? box.dataset[kind].replace('#', host) : '';
  }
}
