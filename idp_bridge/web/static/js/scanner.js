// The camera in the page: starts it, reads codes, says in one word how it stands.
//
//     off -> starting -> scanning -> off
//                \-> refused | absent | insecure | busy

import { readFrame } from './qr_read.js';

const PAUSE = 120;
const REASONS = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'absent',
  OverconstrainedError: 'absent',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

export class Scanner {
  #video;
  #canvas = document.createElement('canvas');
  #stream;
  #onText;
  #onState;
  #timer;

  constructor(video, { onText, onState }) {
    this.#video = video;
    this.#onText = onText;
    this.#onState = onState;
    document.addEventListener('visibilitychange', () => document.hidden && this.stop());
  }

  get running() {
    return Boolean(this.#stream);
  }

  async start() {
    if (this.running) return;
    if (!navigator.mediaDevices?.getUserMedia) {
      this.#onState(globalThis.isSecureContext ? 'absent' : 'insecure');
      return;
    }
    this.#onState('starting');
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 } },
      });
      this.#video.srcObject = this.#stream;
      await this.#video.play();
    } catch (error) {
      this.stop();
      this.#onState(REASONS[error.name] ?? 'busy');
      return;
    }
    this.#onState('scanning');
    this.#look();
  }

  stop() {
    clearTimeout(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
    this.#onState('off');
  }

  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  async torch(on) {
    await this.#track?.applyConstraints({ advanced: [{ torch: on }] }).catch(() => {});
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  async #look() {
    if (!this.running) return;
    const ready = this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    const text = ready && this.#video.videoWidth ? await readFrame(this.#video, this.#canvas) : '';
    if (!this.running) return;
    if (text && (await this.#onText(text)) === true) return;
    this.#timer = setTimeout(() => this.#look(), PAUSE);
  }
}
