// Requests of the pages to their own origin. Every answer is a value; only a lost network throws.

export const pause = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Offline extends Error {}

const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? '';

async function send(method, url, body, headers) {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'X-CSRF-Token': csrf() }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
    });
  } catch {
    throw new Offline();
  }
  const data = await response.json().catch(() => ({}));
  return {
    ok: response.ok,
    status: response.status,
    data,
    error: response.ok ? '' : data.error || 'server_error',
    retryAfter: Number(response.headers.get('Retry-After')) || 0,
  };
}

export const get = (url, headers = {}) => send('GET', url, undefined, headers);
export const post = (url, body = {}, headers = {}) => send('POST', url, body, headers);
