// This device's own signing key: P-256, never extractable, kept in IndexedDB.
//
// The private key cannot be read by any script, this one included; it can only sign here. One entry
// per purpose and account, so that a phone used by two people holds two keys that never mix.

const DATABASE = 'idp-bridge';
const STORE = 'keys';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

const encoder = new TextEncoder();

function base64url(bytes) {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

async function sha256(text) {
  return base64url(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
}

// SHA-256 in hex, as the server writes the hash of a context.
export async function sha256hex(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function request(action) {
  return new Promise((resolve, reject) => {
    action.onsuccess = () => resolve(action.result);
    action.onerror = () => reject(action.error);
  });
}

async function inStore(mode, work) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await request(opening);
  try {
    return await request(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

// RFC 7638: the members of the thumbprint in lexicographic order.
const thumbprint = ({ crv, kty, x, y }) => sha256(JSON.stringify({ crv, kty, x, y }));

const now = () => Math.floor(Date.now() / 1000);

const once = () => ({ jti: base64url(crypto.getRandomValues(new Uint8Array(16))), iat: now() });

export class DeviceKey {
  constructor(entry) {
    this.privateKey = entry.privateKey;
    this.jwk = entry.jwk;
    this.thumbprint = entry.thumbprint;
    this.facts = entry.facts ?? {};
  }

  // The key kept under `name`, or undefined.
  static async find(name) {
    const entry = await inStore('readonly', (store) => store.get(name));
    return entry && new DeviceKey(entry);
  }

  // A new key; `keep` stores it, once the server has taken it.
  static async create() {
    const pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign']);
    const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
    const jwk = { crv, kty, x, y };
    return new DeviceKey({ privateKey: pair.privateKey, jwk, thumbprint: await thumbprint(jwk) });
  }

  // `facts` are plain values kept beside the key, such as the name it was registered under.
  async keep(name, facts = {}) {
    this.facts = facts;
    const entry = { privateKey: this.privateKey, jwk: this.jwk, thumbprint: this.thumbprint, facts };
    await inStore('readwrite', (store) => store.put(entry, name));
    await navigator.storage?.persist?.().catch(() => false);
  }

  static forget(name) {
    return inStore('readwrite', (store) => store.delete(name));
  }

  // A decision about one sign-in, over what the server froze.
  decide(content) {
    return this.sign({ typ: 'qr-decision+jwt' }, { ...content, iat: now() });
  }

  // A compact JWS (ES256, raw r||s as WebCrypto gives it).
  async sign(header, payload) {
    const part = (value) => base64url(encoder.encode(JSON.stringify(value)));
    const input = `${part({ alg: 'ES256', ...header })}.${part(payload)}`;
    const signature = await crypto.subtle.sign(SIGNATURE, this.privateKey, encoder.encode(input));
    return `${input}.${base64url(signature)}`;
  }

  // A proof of possession for one POST to `path` of this origin (RFC 9449, 4.2).
  dpop(path) {
    return this.prove('dpop+jwt', path, { htm: 'POST' });
  }

  // A proof of type `typ` for `path`, used once.
  prove(typ, path, facts = {}) {
    return this.sign({ typ, jwk: this.jwk }, { ...facts, ...once(), htu: location.origin + path });
  }
}
