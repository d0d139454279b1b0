// What is half-written, kept on this device by number, admin and conversation, together with whom it is for.

import "./connection.js"; // whose listener comes first: a logout that was stopped forgets nothing
import { find } from "./dom.js";

const PREFIX = "balas-draft:";
const FILES = "balas-files:";

const mine = () => `${PREFIX}${document.documentElement.dataset.account}:${document.body.dataset.admin}:`;

/** {mode, text} of a conversation, or null. */
export function read(conversation) {
  try {
    const kept = JSON.parse(localStorage.getItem(mine() + conversation));
    const known = kept && ["reply", "note"].includes(kept.mode) && typeof kept.text === "string";
    return known && kept.text ? kept : null;
  } catch {
    return null;
  }
}

/** Keep what stands in the field; an empty one keeps nothing. */
export function keep(conversation, mode, text) {
  try {
    if (text) localStorage.setItem(mine() + conversation, JSON.stringify({ mode, text }));
    else localStorage.removeItem(mine() + conversation);
  } catch {
    // a full or forbidden storage must not stop anybody from writing
  }
}

const filesOf = (conversation) => FILES + mine().slice(PREFIX.length) + conversation;

/** Files that were brought for a conversation's reply: {word, name, size, kind}. */
export function files(conversation) {
  try {
    const kept = JSON.parse(localStorage.getItem(filesOf(conversation)));
    return Array.isArray(kept) ? kept.filter((file) => typeof file?.word === "string") : [];
  } catch {
    return [];
  }
}

export function keepFiles(conversation, found) {
  try {
    if (found.length) localStorage.setItem(filesOf(conversation), JSON.stringify(found));
    else localStorage.removeItem(filesOf(conversation));
  } catch {
    // as above
  }
}

/** The server has accepted a message: what was kept of it goes, what was written since stays. */
export function accepted(conversation, mode, text) {
  const kept = read(conversation);
  if (kept?.mode === mode && kept.text === text) keep(conversation, mode, "");
}

function forget(storage, begins) {
  for (const key of Object.keys(storage)) if (key.startsWith(begins)) storage.removeItem(key);
}

// whoever logs out leaves nothing behind for the next one at this device
addEventListener("submit", (event) => {
  if (!event.defaultPrevented && find('[data-action="logout"]', event.target)) [PREFIX, FILES].forEach((begins) => forget(localStorage, begins));
});

try {
  // an older Balas kept drafts without their mode: a note might come back as a reply
  forget(sessionStorage, "draft:");
} catch {
  // no storage, nothing kept
}
