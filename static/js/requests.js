// What happens around a request of htmx: the part is marked busy, a lost session leads to the sign-in page, and a request
// that failed says so instead of doing nothing.
const box = document.getElementById("trouble");

function trouble(head, text) {
  if (!box) return;
  box.querySelector("[data-trouble-head]").textContent = head;
  box.querySelector("[data-trouble-text]").textContent = text;
  box.hidden = false;
}

function explain(detail) {
  if (detail.requestConfig?.verb === "get") {
    if (detail.requestConfig.triggeringEvent?.detail?.doorbell) return; // the line "Not live" already says it
    trouble("The server did not answer", "What you see may be out of date.");
  } else {
    trouble("The server did not confirm this", "Reload to see whether it was recorded. Nothing is ever done twice.");
  }
}

// Nobody waits for what a doorbell fetches, so only what a person asked for is marked busy.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const event = detail.requestConfig?.triggeringEvent;
  if (event && event.type !== "load" && !event.detail?.doorbell) detail.target?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  detail.target?.removeAttribute("aria-busy");
  if (detail.successful && box && !detail.requestConfig.triggeringEvent?.detail?.doorbell) box.hidden = true;
  if (detail.successful && detail.elt.matches("form[data-clear]")) detail.elt.reset();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const signIn = document.body.dataset.signIn;
  if (!signIn || new URL(xhr.responseURL || location.href).pathname !== signIn) return;
  event.detail.shouldSwap = false;
  location.assign(`${signIn}?next=${encodeURIComponent(location.pathname + location.search)}`);
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status === 403) trouble("You may not do this", "Nothing was changed. Reload to see what you may do.");
  else if (detail.xhr.status === 404) trouble("This is no longer here", "It was removed, or you may no longer see it.");
  else explain(detail);
});
document.addEventListener("htmx:sendError", ({ detail }) => explain(detail));
document.addEventListener("click", (event) => { if (event.target.closest("[data-reload]")) location.reload(); });
