// Files of ours on their way to WhatsApp: the line under their message, redrawn alone while it goes on.

import { find, findAll, parse } from "./dom.js";

const FRESH = 30000; // ms that a number is true for, as the server counts
const seen = new WeakMap();

/** How much of a message's file is there now. */
export function place(message) {
  const old = find(`#message-${message.id} > [data-transfer]`);
  if (old && message.html) old.replaceWith(parse(message.html));
}

// whoever has told it may have died: a number that does not move is none
setInterval(() => {
  for (const line of findAll("#messages [data-transfer]")) {
    if (!find("progress", line)) continue;
    if (!seen.has(line)) seen.set(line, Date.now());
    if (Date.now() - seen.get(line) < FRESH) continue;
    find("progress", line).remove();
    const words = find("[data-transfer-words]", line);
    words.textContent = words.dataset.staleWords;
  }
}, 5000);
