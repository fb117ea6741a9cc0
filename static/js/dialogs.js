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
    const button = event.target.closest("button[command][commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (dialog instanceof HTMLDialogElement) ACTIONS[button.getAttribute("command")]?.(dialog);
  });
}

document.addEventListener("htmx:load", (event) => openMarked(event.target.parentElement ?? event.target));
openMarked(document);
