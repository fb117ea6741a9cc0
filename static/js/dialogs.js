// Dialogs are native. This opens those the server sends open (a refused form keeps its input in its dialog), and stands
// in for the `command` attribute where a browser does not know it.
function openMarked(root) {
  root.querySelectorAll?.("dialog[data-modal][open]").forEach((dialog) => {
    dialog.removeAttribute("open");
    dialog.showModal();
  });
}

const ACTIONS = { "show-modal": (dialog) => dialog.open || dialog.showModal(), close: (dialog) => dialog.close() };

if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented) return;
    const button = event.target.closest("button[command][commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (dialog instanceof HTMLDialogElement) ACTIONS[button.getAttribute("command")]?.(dialog);
  });
}

// A press meant for the page must not land on a decision that has just appeared; a double click decides once; and Enter in
// a field of the page opens the dialog that decides instead of deciding.
const ARMED_AFTER = 300;
const ONCE_IN = 3000;
const opened = new WeakMap();
const sent = new WeakMap();

function mayCommit(form, dialog) {
  const now = performance.now();
  if (now - (opened.get(dialog) ?? -ARMED_AFTER) < ARMED_AFTER || now - (sent.get(form) ?? -ONCE_IN) < ONCE_IN) return false;
  sent.set(form, now);
  return true;
}

document.addEventListener("beforetoggle", ({ target, newState }) => {
  if (newState === "open") opened.set(target, performance.now());
}, true);
document.addEventListener("submit", (event) => {
  if (!event.submitter?.matches("[data-commit]")) return;
  const dialog = event.submitter.closest("dialog");
  if (dialog.open && mayCommit(event.target, dialog)) return;
  event.preventDefault();
  if (!dialog.open) dialog.showModal();
}, true);

document.addEventListener("htmx:load", (event) => openMarked(event.target.parentElement ?? event.target));
openMarked(document);
