// In a group, what somebody goes on saying does not name him again.

import { find, findAll } from "./dom.js";

const watcher = new MutationObserver(mark);

/** Look after the thread that is open now. */
export function begin() {
  watcher.disconnect();
  const list = find("#messages");
  if (!list) return;
  watcher.observe(list, { childList: true });
  mark();
}

function mark() {
  for (const message of findAll("#messages > [data-writer]")) {
    const before = message.previousElementSibling;
    const same = before?.dataset.writer === message.dataset.writer && before.dataset.day === message.dataset.day;
    message.classList.toggle("goes-on", same);
  }
}
