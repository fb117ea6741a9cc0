// Rows that a live update brought are tinted for a moment. Nothing slides.
let known = new Set();

const idsIn = (list) => new Set([...list.querySelectorAll(".row[id]")].map((row) => row.id));

document.addEventListener("htmx:beforeSwap", ({ detail }) => { if (detail.target.matches(".list-scroll")) known = idsIn(detail.target); });
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (!detail.target.matches(".list-scroll")) return;
  detail.target.querySelectorAll(".row[id]").forEach((row) => row.classList.toggle("is-new", !known.has(row.id)));
});
