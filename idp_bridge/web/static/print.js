// The print button of a slip.

document.querySelector("[data-print]").addEventListener("click", () => window.print());
