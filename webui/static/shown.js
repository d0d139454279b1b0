// What this page has shown of its thread: told with every decision, so that what came later stays open.

import { find } from "./dom.js";

const list = () => find("#messages");

/** The websocket brings messages in order: with this one all before it stand here, unless some were missed. */
export function follow(id) {
  const place = list();
  if (!place || "gap" in place.dataset) return;
  place.dataset.shown = Math.max(Number(place.dataset.shown), id);
}

/** Messages may be missing until the thread is read again. */
export function missed() {
  if (list()) list().dataset.gap = "";
}

/** The thread was read again: what that page shows is here, no more. */
export function readAgain(fresh) {
  list().dataset.shown = fresh.dataset.shown;
  if ("gap" in fresh.dataset) missed();
  else delete list().dataset.gap;
}

/** Put it into a form that asks for it. */
export function tell(fields) {
  if (fields.has("shown")) fields.set("shown", list()?.dataset.shown || "");
  return fields;
}

/** "One more message came", or nothing; whoever is told so is shown it. */
export function more(html) {
  const place = find("[data-more]");
  if (place) place.innerHTML = html;
  if (html) document.dispatchEvent(new Event("more"));
}
