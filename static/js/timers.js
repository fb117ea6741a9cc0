// Countdowns. The server says how many seconds are left; from then on the clock of this computer only counts them down,
// so a wrong clock does no harm and a tab that slept catches up.
import { announce } from "./live.js";

const ends = new WeakMap();

function secondsLeft(element, name) {
  const given = element.dataset[name];
  if (ends.get(element)?.given !== given) ends.set(element, { given, at: performance.now() + Number(given) * 1000 });
  return Math.ceil((ends.get(element).at - performance.now()) / 1000);
}

function digits(seconds) {
  const whole = Math.abs(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return `${seconds < 0 ? "−" : ""}${hours ? `${hours}:${two(minutes)}` : minutes}:${two(rest)}`;
}

function tickDue(element) {
  const left = secondsLeft(element, "left");
  const text = digits(left) + (element.children.length ? " " : "");
  if (element.firstChild?.nodeType === Node.TEXT_NODE) element.firstChild.nodeValue = text;
  element.classList.toggle("is-crit", left < 0);
  if (left < 0) element.classList.remove("is-high");
}

function tickUndo(element) {
  const left = Math.max(0, secondsLeft(element, "undo"));
  element.textContent = `${left} s`;
  if (left > 0) return;
  delete element.dataset.undo;
  element.closest("[data-undo-box], .toast")?.setAttribute("hidden", "");
  announce("undo.over", {});
}

function tick() {
  document.querySelectorAll("[data-left]").forEach(tickDue);
  document.querySelectorAll("[data-undo]").forEach(tickUndo);
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:load", tick);
