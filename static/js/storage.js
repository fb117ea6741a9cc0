// What this browser remembers. Private windows may refuse; then nothing is remembered.
export function remember(name, value) {
  try { localStorage.setItem(name, value); } catch { /* refused */ }
}

export function recall(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}
