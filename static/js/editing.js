// Editing arguments, other input or a value. E (or S) leads into its first field while nothing is edited yet, and to the dialog afterwards. The notes
// below a field come from the server; the field itself is never replaced, so nothing typed can get lost.
const EDITABLE = ":is(input, textarea, select):not([type=hidden], [readonly], :disabled)";

document.addEventListener("click", (event) => {
  const form = document.getElementById(event.target.closest("[data-k=edit], [data-k=skip]")?.dataset.form);
  const field = form?.querySelector(EDITABLE);
  if (!field || form.matches("[data-dirty]") || form.querySelector(".diff")) return;
  event.preventDefault();
  field.focus();
}, true);

document.addEventListener("htmx:oobAfterSwap", ({ target }) => {
  const notes = target.closest?.(".notes");
  const field = notes?.parentElement.querySelector(EDITABLE);
  if (!field) return;
  if (notes.querySelector(".error")) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
});
