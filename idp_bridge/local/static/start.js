// Copies names and passwords, and reloads the page once the stack is ready.

const FEEDBACK_MS = 1500;
const LOOK_AGAIN_MS = 1000;

async function copy(part) {
  await navigator.clipboard.writeText(part.dataset.copy);
  const mark = part.querySelector(".copied-mark");
  const word = mark?.textContent;
  part.dataset.copied = "";
  if (mark) mark.textContent = mark.dataset.done;
  setTimeout(() => {
    delete part.dataset.copied;
    if (mark) mark.textContent = word;
  }, FEEDBACK_MS);
}

document.addEventListener("click", (event) => {
  const part = event.target.closest("[data-copy]");
  if (part && !part.dataset.copied) copy(part);
});

async function reloadWhenReady() {
  const answer = await fetch("/ready").then((r) => r.json()).catch(() => ({ ready: false }));
  if (answer.ready) location.reload();
  else setTimeout(reloadWhenReady, LOOK_AGAIN_MS);
}

if (document.querySelector('[data-ready="no"]')) reloadWhenReady();
