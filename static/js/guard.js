// Live updates never disturb a person at work. A doorbell may not swap a form[data-guard] that is being filled in, nor a
// [data-calm] list while the pointer or the focus is in it; the line [data-fresh="id of the target"] appears instead, and
// the list is fetched again (`calm.over`) once both have left.
import { announce } from "./live.js";

const EDITED = "form[data-guard][data-dirty]";

const causedByDoorbell = (detail) => Boolean(detail.requestConfig?.triggeringEvent?.detail?.doorbell);
const has = (target, selector) => target.matches(selector) || Boolean(target.querySelector(selector));

function isOpen(target) {
  const form = target.closest("form[data-guard]");
  const inside = has(target, EDITED) || has(target, "form[data-guard]:focus-within") || has(target, "dialog[open]");
  return inside || Boolean(form && (form.matches(EDITED) || form.matches(":focus-within"))) || Boolean(target.closest("dialog[open]"));
}

function isCalm(target) {
  const list = target.closest("[data-calm]");
  return Boolean(list && list.matches(":hover, :focus-within"));
}

function setLine(target, hidden) {
  const line = target.id && document.querySelector(`[data-fresh="${CSS.escape(target.id)}"]`);
  if (line) line.hidden = hidden;
}

function left(element) {
  const list = element.closest?.("[data-calm]");
  if (!list?.querySelector("[data-fresh]:not([hidden])")) return;
  setTimeout(() => { if (!isCalm(list)) announce("calm.over", {}); });
}

function hold(event) {
  const { target, shouldSwap } = event.detail;
  if (!shouldSwap || !causedByDoorbell(event.detail) || !(isOpen(target) || isCalm(target))) return;
  event.detail.shouldSwap = false;
  setLine(target, false);
}

document.addEventListener("htmx:beforeSwap", hold);
document.addEventListener("htmx:afterSwap", ({ detail }) => setLine(detail.target, true));
document.addEventListener("htmx:oobBeforeSwap", hold);
document.addEventListener("mouseleave", ({ target }) => { if (target.matches?.("[data-calm]")) left(target); }, true);
document.addEventListener("focusout", ({ target }) => left(target));

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-guard]") ?? event.target.form?.closest("form[data-guard]");
  if (form) form.dataset.dirty = "";
});
document.addEventListener("reset", (event) => delete event.target.dataset.dirty);

// A click that would replace an edited form asks first; so does leaving the page other than by a decision.
let decided = false;

document.addEventListener("submit", (event) => {
  const sends = event.target.matches(EDITED) || event.submitter?.matches("[data-commit]");
  if (sends && !event.defaultPrevented) decided = true;
});

document.addEventListener("htmx:confirm", (event) => {
  const { target, elt, triggeringEvent } = event.detail;
  const edited = target?.matches?.(EDITED) ? target : target?.querySelector?.(EDITED);
  if (!edited || edited.contains(elt) || elt.form === edited || triggeringEvent?.detail?.doorbell) return;
  if (!confirm("You have changed something here that is not saved. Leave it?")) event.preventDefault();
});
addEventListener("beforeunload", (event) => { if (!decided && document.querySelector(EDITED)) event.preventDefault(); });
addEventListener("pageshow", () => { decided = false; });
