// How the waiting page hears from the server: polling, and a stream where one gets through.
//
// The stream says the same as the poll. When it breaks, or stays silent for longer than a code
// lives, polling takes over; the server's wish to slow down is always followed.

import { get, Offline, pause, post } from './http.js';

const RETRY = 2000;

export class QrSession {
  #interaction;
  #poll;
  #silence;
  #tell;
  #run = 0;
  #stream;
  #wake = () => {};

  // `tell(kind, facts)`: ('status', status) | ('online') | ('offline') | ('error', answer).
  constructor({ interaction, poll, rotate }, tell) {
    this.#interaction = interaction;
    this.#poll = poll * 1000;
    this.#silence = (rotate + 4) * 1000;
    this.#tell = tell;
    addEventListener('online', () => this.#wake());
  }

  // Asks for a code and follows it until `stop`. `kiosk` makes a fresh proof, or nothing.
  async start(kiosk = async () => undefined) {
    this.stop();
    const run = this.#run;
    const answer = await this.#insist(run, async () =>
      post('/qr/start', { i: this.#interaction, kiosk: await kiosk() }),
    );
    if (!answer) return;
    if (!answer.ok) return this.#tell('error', answer);
    this.#tell('status', answer.data);
    if (run === this.#run) this.#follow(run);
  }

  stop() {
    this.#run += 1;
    this.#stream?.close();
    this.#stream = undefined;
  }

  act(name, facts = {}) {
    return this.#insist(this.#run, () =>
      post(`/qr/${name}`, { i: this.#interaction, ...facts }),
    );
  }

  #follow(run) {
    if (!globalThis.EventSource) return this.#ask(run);
    const stream = new EventSource(`/qr/events?i=${this.#interaction}`);
    this.#stream = stream;
    let timer;
    const fallBack = () => {
      clearTimeout(timer);
      stream.close();
      if (run === this.#run) this.#ask(run);
    };
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(fallBack, this.#silence);
    };
    stream.onmessage = ({ data }) => {
      if (run !== this.#run) return clearTimeout(timer);
      listen();
      this.#tell('status', JSON.parse(data));
    };
    stream.onerror = fallBack;
    listen();
  }

  async #ask(run) {
    let wait = this.#poll;
    while (run === this.#run) {
      await pause(wait);
      const answer = await this.#insist(run, () => get(`/qr/status?i=${this.#interaction}`));
      if (!answer || run !== this.#run) return;
      if (answer.status === 429) wait = Math.max(this.#poll, answer.retryAfter * 1000);
      else if (!answer.ok) return this.#tell('error', answer);
      else {
        wait = this.#poll;
        this.#tell('status', answer.data);
      }
    }
  }

  // Repeats a call until the network carries it; a server that is away counts as no network.
  async #insist(run, call) {
    for (;;) {
      try {
        const answer = await call();
        if (answer.status !== 502 && answer.status !== 503) {
          this.#tell('online');
          return answer;
        }
      } catch (error) {
        if (!(error instanceof Offline)) throw error;
      }
      if (run !== this.#run) return undefined;
      this.#tell('offline');
      await Promise.race([pause(RETRY), new Promise((resolve) => (this.#wake = resolve))]);
    }
  }
}
