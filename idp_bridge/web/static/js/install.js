// Lets a phone install the portal. The worker keeps one page, for when there is no network.

export function installWorker() {
  navigator.serviceWorker?.register('/sw.js').catch(() => {});
}
