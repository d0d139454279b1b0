// One message's menu: reactions, reply to this, copy, edit, delete; by mouse, finger (swipe) and keyboard.

import * as composer from "./composer.js";
import { find, findAll, isTouch, parse, wordsOf } from "./dom.js";

const SWIPE = 64; // px to the right that mean "reply to this"

const open = () => find(".message > [data-message-menu]");
const messageOf = (element) => element.closest(".message");

export function close() {
  const menu = open();
  if (!menu) return;
  const focused = menu.contains(document.activeElement);
  // the message may have been drawn anew meanwhile
  const opener = find('[data-action="message-menu"]', messageOf(menu));
  menu.remove();
  opener?.removeAttribute("aria-expanded");
  if (focused) opener?.focus({ preventScroll: true });
}

/** Put the menu under a message, with what can be done with it by whoever is here. */
function show(button) {
  const message = messageOf(button);
  const again = open() && messageOf(open()) === message;
  close();
  if (again) return;
  const menu = parse(find("[data-menu-of-messages]").innerHTML);
  const can = message.dataset.can.split(" ");
  const isMine = "owner" in document.body.dataset || message.dataset.by === document.body.dataset.admin;
  for (const item of findAll("[data-needs]", menu)) {
    const writes = ["quote", "edit"].includes(item.dataset.needs) && !find("#composer");
    item.hidden = writes || !can.includes(item.dataset.needs) || ("ours" in item.dataset && !isMine);
  }
  const path = `/c/${document.body.dataset.open}/messages/${message.dataset.message}/`;
  for (const form of findAll("form[data-path]", menu)) form.action = path + form.dataset.path;
  for (const link of findAll("a[data-path]", menu)) link.href = path + link.dataset.path;
  message.append(menu);
  button.setAttribute("aria-expanded", "true");
  menu.scrollIntoView({ block: "nearest" });
  stops(menu)[0]?.focus({ preventScroll: true });
}

const stops = (menu) =>
  findAll("button, a, summary", menu).filter((item) => item.getClientRects().length > 0);

function act(action, message) {
  if (action === "quote") composer.quote(message.dataset.message, wordsOf(message) || find(".author", message)?.textContent || "");
  if (action === "edit") composer.edit(message.dataset.message, wordsOf(message));
  if (action === "copy") navigator.clipboard?.writeText(wordsOf(message)).catch(() => {});
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  const action = button?.dataset.action;
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (action === "message-menu" && plain) {
    event.preventDefault();
    show(button);
  } else if (["quote", "edit", "copy"].includes(action) && open()?.contains(button) && plain) {
    event.preventDefault();
    const message = messageOf(button);
    close();
    act(action, message);
  } else if (action === "drop-draft-about" && plain) {
    event.preventDefault();
    composer.dropAbout();
  } else if (open() && !open().contains(event.target)) {
    close();
  }
});

document.addEventListener("submit", (event) => {
  // what it does is seen in the message
  if (open()?.contains(event.target)) setTimeout(close);
});

document.addEventListener("keydown", (event) => {
  const menu = open();
  if (menu && event.key === "Escape") {
    event.stopImmediatePropagation();
    close();
  } else if (menu?.contains(event.target) && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    const all = stops(menu);
    const step = event.key === "ArrowDown" ? 1 : -1;
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  } else if (event.key === "r" && event.target.matches('[data-action="message-menu"]')) {
    const message = messageOf(event.target);
    if (!message.dataset.can.split(" ").includes("quote")) return;
    event.preventDefault();
    act("quote", message);
  }
});

// a swipe to the right replies to a message, as in WhatsApp
let swipe = null;
document.addEventListener(
  "touchstart",
  (event) => {
    const message = isTouch() && event.touches.length === 1 && event.target.closest(".message");
    const can = message && message.dataset.can?.split(" ").includes("quote");
    swipe = can ? { message, x: event.touches[0].clientX, y: event.touches[0].clientY } : null;
  },
  { passive: true },
);
document.addEventListener(
  "touchend",
  (event) => {
    if (!swipe) return;
    const { clientX, clientY } = event.changedTouches[0];
    if (clientX - swipe.x > SWIPE && Math.abs(clientY - swipe.y) < SWIPE / 2) act("quote", swipe.message);
    swipe = null;
  },
  { passive: true },
);
