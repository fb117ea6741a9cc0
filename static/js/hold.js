// Hold to confirm: pointer, Enter or Space must stay down for the whole time. Releasing early does nothing.
// Listens on the document, so buttons that arrive with a swap work too.
let button = null;
let timer = 0;
let done = false;

function start(target) {
  if (timer || !target.form?.reportValidity()) return;
  button = target;
  button.dataset.holding = "";
  timer = setTimeout(() => { done = true; button.form.requestSubmit(button); stop(); }, Number(button.dataset.hold));
}

function stop() {
  clearTimeout(timer);
  timer = 0;
  if (button) delete button.dataset.holding;
}

const held = (event) => event.target.closest?.("[data-hold]");
const presses = (event) => event.key === "Enter" || event.key === " ";

document.addEventListener("pointerdown", (event) => { if (held(event)) start(held(event)); });
for (const name of ["pointerup", "pointercancel", "keyup", "focusout"]) document.addEventListener(name, stop);
document.addEventListener("pointerout", (event) => { if (held(event) && !held(event).contains(event.relatedTarget)) stop(); });
document.addEventListener("keydown", (event) => {
  if (!held(event) || !presses(event)) return;
  event.preventDefault();
  if (!event.repeat) start(held(event));
});
document.addEventListener("click", (event) => {
  if (!held(event)) return;
  if (!done) event.preventDefault();
  done = false;
});
