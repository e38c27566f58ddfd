// Small helpers shared by the pages: one visible state at a time, and words read out loud.

export const byId = (id) => document.getElementById(id);
export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Shows the section `data-state="name"` of `stage` and hides the others. The heading of the shown
// section takes the focus, unless `focus` names what should, so that a screen reader follows.
export function showState(stage, name, { focus } = {}) {
  if (stage.dataset.showing === name) return;
  stage.dataset.showing = name;
  let shown;
  for (const section of all('[data-state]', stage)) {
    const wanted = section.dataset.state.split(' ').includes(name);
    section.hidden = !wanted;
    if (wanted) shown ??= section;
  }
  const target = focus ?? (shown && one('[data-focus]', shown));
  target?.focus({ preventScroll: false });
}

// Fills every element with `data-slot="name"` below `root`; text only, never markup. An element with
// `data-text` holds the sentence in the reader's language, with `#` where the value goes.
export function fill(root, values) {
  for (const [name, value] of Object.entries(values)) {
    for (const element of all(`[data-slot="${name}"]`, root)) {
      element.textContent = element.dataset.text?.replace('#', value) ?? value;
    }
  }
}

// Says `text` to screen readers through the page's polite live region.
export function announce(text) {
  const region = byId('announcer');
  if (region && region.textContent !== text) region.textContent = text;
}

// Facts the server wrote for the script: <script type="application/json" id="page-data">.
export const pageData = () => JSON.parse(byId('page-data')?.textContent || '{}');
