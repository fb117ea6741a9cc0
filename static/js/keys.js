// Single-key shortcuts. No key decides anything: A, E, R, S and O open a dialog. They can be turned off (WCAG 2.1.4).
import { recall, remember } from "./storage.js";

const SEQUENCE = 900; // milliseconds in which G waits for its second key
const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const DECIDE = { a: "approve", e: "edit", r: "reject", s: "skip", o: "other" };

let on = recall("keys") !== "off";
let pressedG = 0;

const find = (selector) => document.querySelector(selector);
const click = (element) => { element?.click(); return Boolean(element); };
const rows = () => [...document.querySelectorAll(".row-act, .t-main")].filter((link) => link.offsetParent);

function currentRow() {
  const focused = document.activeElement?.closest(".row, tr")?.querySelector(".row-act, .t-main");
  return rows().indexOf(focused ?? find(".row-act[aria-current]"));
}

function move(step) {
  const all = rows();
  all[Math.max(0, Math.min(all.length - 1, currentRow() + step))]?.focus();
  return all.length > 0;
}

function search() {
  const field = find("[data-search]");
  field?.focus();
  return Boolean(field);
}

const LIST = {
  j: () => move(1),
  k: () => move(-1),
  z: () => click(find("[data-undo-box]:not([hidden]) [data-undo-btn]")),
  "/": search,
  "?": () => { find("#dlg-keys")?.showModal(); return true; },
};

function pick(dialog, key) {
  const option = /^[1-9]$/.test(key) && dialog.querySelectorAll(".option input:not(:disabled)")[key - 1];
  if (!option) return false;
  option.focus();
  return click(option);
}

function press(key) {
  const dialog = find("dialog[open]");
  if (dialog) return pick(dialog, key);
  if (Date.now() - pressedG < SEQUENCE && click(find(`[data-go="${CSS.escape(key)}"]`))) return true;
  pressedG = key === "g" ? Date.now() : 0;
  if (DECIDE[key]) return click(find(`[data-k="${DECIDE[key]}"]:not(:disabled)`));
  if (/^[1-6]$/.test(key)) return click(find(`.jump [data-n="${key}"]`));
  return Object.hasOwn(LIST, key) && LIST[key]();
}

// Ctrl or Cmd with Enter sends the dialog from a text of several lines; Esc leaves a field, so that single keys work again.
function inField(event) {
  const { target } = event;
  const commit = target.closest("dialog[open]")?.querySelector("[data-commit]:not([data-hold])");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && commit) commit.click();
  else if (event.key === "Escape" && target.closest("form[data-guard], form[role=search]")) target.blur();
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches?.(FIELDS) && !event.repeat && !event.isComposing) inField(event);
  if (!on || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.key.length !== 1 || event.target.closest?.(FIELDS) || find(":popover-open")) return;
  if (press(event.key.toLowerCase())) event.preventDefault();
});

const toggle = find("[data-keys-toggle]");
if (toggle) {
  toggle.checked = on;
  toggle.addEventListener("change", () => {
    on = toggle.checked;
    remember("keys", on ? "on" : "off");
  });
}
