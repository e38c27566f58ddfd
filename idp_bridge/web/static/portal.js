// The search box of a portal: shows the tiles that contain every word typed.

const box = document.querySelector("#search");
const found = document.querySelector("#found");
const nothing = document.querySelector("#nothing");
const groups = [...document.querySelectorAll(".group")];

function show() {
  const words = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const group of groups) {
    let inGroup = 0;
    for (const tile of group.querySelectorAll("[data-search]")) {
      tile.hidden = !words.every((word) => tile.dataset.search.includes(word));
      if (!tile.hidden) inGroup += 1;
    }
    group.hidden = inGroup === 0;
    count += inGroup;
  }
  nothing.hidden = count > 0;
  found.textContent = words.length ? found.dataset.text.replace("{count}", String(count)) : "";
}

if (box) {
  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const first = document.querySelector("li[data-search]:not([hidden]) a");
    if (box.value.trim() && first) first.click();
  });
}
