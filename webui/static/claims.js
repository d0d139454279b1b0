// "I am answering this": said while one types, shown while a colleague does, asked before taking over.

import { find, post } from "./dom.js";

const AGAIN = 4000; // ms between two words to the server while one types
let say = () => {};
let saidAt = 0;
let said = null;

const me = () => document.body.dataset.admin;
const place = () => find("[data-claim]");

/** How the websocket is spoken to. */
export const connect = (speak) => (say = speak);

/** A keystroke in a reply. */
export function typed(conversation) {
  if (said === conversation && Date.now() - saidAt < AGAIN) return;
  said = conversation;
  saidAt = Date.now();
  say({ typing: conversation });
}

/** The field is empty, the reply has gone, or another conversation is in front. */
export function stopped() {
  if (said !== null) say({ typing: null });
  said = null;
}

/** The connection is new: what was said is forgotten there. */
export const forget = () => (said = null);

export function takeOver(conversation) {
  say({ typing: conversation, take_over: true });
  said = conversation;
  saidAt = Date.now();
  show("");
}

/** A colleague's claim in the conversation that is open, or none. */
export function show(html) {
  if (place()) place().innerHTML = html;
}

export function changed(message) {
  const theirs = message.admin_id !== null && String(message.admin_id) !== me();
  // what was refused stays to be decided for as long as the colleague answers
  if (theirs && find('[data-action="send-over"]', place() || document)) return;
  show(theirs ? message.html : "");
}

/** Strict mode: only the assignee may answer; the team may still write notes. */
export function lock(only, name) {
  const form = find("#composer");
  if (!form) return;
  const locked = only !== null && String(only) !== me();
  form.toggleAttribute("data-only", locked);
  const box = find("[data-locked]", form);
  const hadFocus = box.contains(document.activeElement);
  box.hidden = !locked;
  if (!locked && hadFocus) find("#reply").focus({ preventScroll: true });
  if (locked) find("[data-locked-words]", box).textContent = box.dataset.words.replace("{name}", name);
}

/** The same from a page that was read again. */
export function lockAs(fresh) {
  lock(fresh.hidden ? null : "", "");
  const words = find("[data-locked-words]", find("#composer") || fresh);
  if (!fresh.hidden) words.textContent = find("[data-locked-words]", fresh).textContent;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest('[data-action="take-locked"], [data-action="reopen-here"]');
  if (!button) return;
  event.preventDefault();
  // not disabled meanwhile: the focus would be lost, which goes on to the field
  await post(button.getAttribute("formaction"), {}).catch(() => {});
});
