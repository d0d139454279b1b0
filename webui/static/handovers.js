// What a colleague, or the desk itself, has given to this admin: a word on whatever page he is.

import { find, findAll, parse } from "./dom.js";

const MOST = 3; // words at a time: on a phone more would cover the page, and the rows say it too

const changed = () => document.dispatchEvent(new Event("toasts"));

export function show(message) {
  find(`[data-given="${message.conversation}"]`)?.remove();
  find("[data-toasts]").append(parse(message.html));
  for (const one of findAll("[data-given]").slice(0, -MOST)) one.remove();
  changed();
}

/** He has opened a conversation. */
export function opened(id) {
  const place = id && find(`[data-given="${id}"]`);
  if (!place) return;
  place.remove();
  changed();
}
