// One WebSocket per tab that carries doorbells: {type, ref, version}. Each becomes two events on <body>, `type` and
// `type:ref`, and the parts that listen fetch themselves again. Without a socket, `poll` rings every 30 seconds.
const POLL = 30_000;
const LONGEST_WAIT = 30_000;
const JITTER = 400; // milliseconds, so that a hundred open inboxes do not ask in the same instant
const QUIET = 1_000; // what moves all the time is asked about at most once in so many milliseconds
const SIGNED_OUT = 4401;

const root = document.documentElement;
const waiting = new Map();
const rested = new Set();
let socket = null;
let attempts = 0;
let since = null;

export function announce(type, detail) {
  const ring = { ...detail, doorbell: true };
  document.body.dispatchEvent(new CustomEvent(type, { detail: ring }));
  if (detail.ref) document.body.dispatchEvent(new CustomEvent(`${type}:${detail.ref}`, { detail: ring }));
}

function ringSoon({ type, ref, version }) {
  if (typeof type !== "string") return;
  const key = `${type}:${ref}`;
  const known = waiting.get(key);
  waiting.set(key, Math.max(known ?? 0, version ?? 0));
  if (known !== undefined) return;
  setTimeout(() => {
    const latest = waiting.get(key);
    waiting.delete(key);
    rested.add(key);
    setTimeout(() => rested.delete(key), QUIET);
    announce(type, { ref, version: latest });
  }, Math.random() * JITTER + (rested.has(key) ? QUIET : 0));
}

function show(live) {
  root.dataset.live = live ? "on" : "off";
  since = live ? null : since ?? new Date();
  document.querySelectorAll("[data-live-line]").forEach((line) => {
    line.hidden = live;
    const time = line.querySelector("[data-live-since]");
    if (time && since) time.textContent = since.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  });
}

function watchAll() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const names = new Set([...document.querySelectorAll("[data-watch]")].map((element) => element.dataset.watch));
  names.forEach((watch) => socket.send(JSON.stringify({ watch })));
}

// What rang between the making of the page, or the loss of the socket, and now was not heard: ask once.
function opened() {
  attempts = 0;
  show(true);
  watchAll();
  announce("poll", {});
}

function closed(event, address) {
  socket = null;
  show(false);
  if (event.code === SIGNED_OUT) return;
  const wait = Math.min(LONGEST_WAIT, 500 * 2 ** attempts++);
  setTimeout(() => connect(address), wait * (0.5 + Math.random() / 2));
}

export function connect(address) {
  if (socket) return;
  const url = new URL(address, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.addEventListener("open", opened);
  socket.addEventListener("message", (event) => ringSoon(JSON.parse(event.data)));
  socket.addEventListener("close", (event) => closed(event, address));
}

setInterval(() => { if (socket?.readyState !== WebSocket.OPEN) announce("poll", {}); }, POLL);
document.addEventListener("htmx:load", () => { watchAll(); if (root.dataset.live === "off") show(false); });
addEventListener("pagehide", () => socket?.close());
