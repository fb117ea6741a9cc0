// A list that is fetched again keeps open what the reader had opened in it.
const kept = new Map();

document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  if (target.id) kept.set(target.id, [...target.querySelectorAll("details[open][id]")].map((details) => details.id));
});
document.addEventListener("htmx:afterSettle", ({ target }) => {
  (kept.get(target.id) ?? []).forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  kept.delete(target.id);
});
