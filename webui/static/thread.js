// One thread: bubbles in WhatsApp's order, day lines, staying at the end while one is at the end.

import * as albums from "./albums.js";
import { fetchPage, find, findAll, parse, post } from "./dom.js";
import * as shown from "./shown.js";
import * as voicePlayer from "./voice_player.js";

const END = 90; // px from the end that still count as the end
let pinned = true;
let reached = 0;
let seenTimer = null;
let typingTimer = null;
const resized = new ResizeObserver(() => pinned && toEnd());

const scroller = () => find("#scroller");
const messages = () => find("#messages");

export function toEnd() {
  const place = scroller();
  if (place) place.scrollTop = place.scrollHeight;
}

/** After a thread has been put on the page. */
export function begin() {
  resized.disconnect();
  pinned = true;
  reached = 0;
  clearTimeout(seenTimer);
  const place = scroller();
  if (!place) return;
  enliven(place);
  tidy();
  toEnd();
  showMessage(location.hash);
  resized.observe(place);
  resized.observe(messages());
  place.addEventListener("scroll", watchScroll, { passive: true });
}

/** What only works with scripts; a long text is folded up, unless somebody has unfolded it. */
function enliven(place, unfolded = false) {
  voicePlayer.enliven(place);
  for (const button of findAll('[data-action="again"]', place)) button.hidden = false;
  if (unfolded) return;
  for (const words of findAll("[data-long]", place)) {
    words.classList.add("folded");
    find('[data-action="read-more"]', words.parentElement).hidden = false;
  }
}

/** Unfold a long text. */
export function readMore(button) {
  find("[data-long]", button.parentElement).classList.remove("folded");
  button.hidden = true;
}

function watchScroll() {
  const place = scroller();
  const isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < END;
  // only whoever scrolls up leaves the end: a picture that has loaded pushes it away from under him
  pinned = isAtEnd || (pinned && place.scrollTop >= reached);
  reached = place.scrollTop;
  if (pinned) find('[data-action="to-end"]').hidden = true;
  const older = find('[data-action="older"]', place);
  if (older && place.scrollTop < 240) loadOlder(older);
}

// what stands under a message and goes with it
const isMark = (item) => item.matches(".turn-mark, .conversation-end");

/** One day line a day, one name a run of messages. */
function tidy() {
  let before = null;
  let message = null;
  for (const item of messages().children) {
    if (isMark(item)) {
      message = null;
      continue;
    }
    const same = before?.dataset.day === item.dataset.day;
    find(".day", item).hidden = same;
    before = item;
    if (item.dataset.message) {
      item.classList.toggle("continues", same && message !== null && sameVoice(message, item));
      message = item;
    } else {
      message = null;
    }
  }
  albums.arrange(messages());
}

const sameVoice = (one, other) =>
  find(".author", one)?.textContent === find(".author", other)?.textContent &&
  one.classList.contains("note") === other.classList.contains("note");

/** Add a message or replace the one that is there. */
export function placeBubble(html) {
  const list = messages();
  if (!list) return;
  const bubble = parse(html);
  const old = find(`[data-message="${bubble.dataset.message}"]`, list);
  const unfolded = old && !find(".folded", old);
  enliven(bubble, unfolded);
  const next = followerOf(list, bubble);
  if (old && next !== old && next !== following(old)) {
    // WhatsApp has told another time than our clock
    old.remove();
    list.insertBefore(bubble, next);
  } else if (old) {
    if (!voicePlayer.keepPlaying(old, bubble)) replace(old, bubble);
  } else {
    bubble.classList.add("fresh");
    list.insertBefore(bubble, next);
    if (bubble.classList.contains("theirs") || bubble.classList.contains("note")) arrived(bubble);
    if (!pinned) find('[data-action="to-end"]').hidden = false;
  }
  tidy();
  if (pinned) toEnd();
}

/** A message of an earlier conversation is drawn anew, if it is shown. */
export function replaceBubble(html) {
  const list = messages();
  const bubble = parse(html);
  if (list && find(`[data-message="${bubble.dataset.message}"]`, list)) placeBubble(html);
}

/** The menu that is open under a message stays; whoever is at it, or at its opener, by keyboard, stays there. */
function replace(old, bubble) {
  const menu = find("[data-message-menu]", old);
  const at = old.contains(document.activeElement) ? document.activeElement : null;
  const twin = at && !menu?.contains(at) && at.dataset.action ? find(`[data-action="${at.dataset.action}"]`, bubble) : null;
  if (menu) bubble.append(menu);
  old.replaceWith(bubble);
  (menu?.contains(at) ? at : twin)?.focus({ preventScroll: true });
}

function following(item) {
  let next = item.nextElementSibling;
  while (next && isMark(next)) next = next.nextElementSibling;
  return next;
}

function followerOf(list, bubble) {
  // by time, messages before what the desk did at the same moment, ties by arrival
  const key = (item) => [Number(item.dataset.at), item.dataset.message ? 0 : 1, Number(item.dataset.message || item.dataset.activity)];
  const mine = key(bubble);
  const isBefore = (other) => {
    const place = other.findIndex((value, number) => value !== mine[number]);
    return place >= 0 && other[place] < mine[place];
  };
  let next = null;
  for (let item = list.lastElementChild; item; item = item.previousElementSibling) {
    if (isMark(item)) continue;
    if (isBefore(key(item))) break;
    next = item;
  }
  return next;
}

/** Something that happened to the conversation, between its messages. */
export function placeActivity(html) {
  const list = messages();
  if (!list || !html) return;
  const line = parse(html);
  if (find(`[data-activity="${line.dataset.activity}"]`, list)) return;
  list.insertBefore(line, followerOf(list, line));
  tidy();
  if (pinned) toEnd();
}

/** Who handled the last turns, each under the customer's last words in it. */
export function placeMarks(marks) {
  const list = messages();
  if (!list) return;
  for (const mark of marks) {
    const old = find(`.turn-mark[data-turn="${mark.turn}"]`, list);
    const after = find(`[data-message="${mark.after}"]`, list);
    if (!after) {
      old?.remove();
      continue;
    }
    const focused = old?.contains(document.activeElement);
    const fresh = parse(mark.html);
    if (old) old.remove();
    after.after(fresh);
    if (focused) find("button", fresh)?.focus({ preventScroll: true });
  }
  tidy();
  if (pinned) toEnd();
}

/** Go to a message: the one that answered a turn, or that another one quotes. */
export function showMessage(hash) {
  const named = /^#message-\d+$/.test(hash) && find(hash, messages());
  if (!named) return false;
  const target = albums.seenOf(named);
  pinned = false;
  target.scrollIntoView({ block: "center" });
  target.classList.remove("pointed-at");
  requestAnimationFrame(() => target.classList.add("pointed-at"));
  return true;
}

function arrived(bubble) {
  if (bubble.classList.contains("theirs")) showTyping(false);
  if (document.visibilityState === "visible") tellSeen(bubble.dataset.message);
}

/** Messages up to this one have been looked at. */
function tellSeen(messageId) {
  clearTimeout(seenTimer);
  const id = document.body.dataset.open;
  seenTimer = setTimeout(() => post(`/c/${id}/seen`, { message_id: messageId }).catch(() => {}), 150);
}

/** The tab came to the front again. */
export function lookedAt() {
  const theirs = findAll(".message.theirs");
  const last = Math.max(0, ...theirs.map((item) => Number(item.dataset.message)));
  if (last) tellSeen(last);
}

export function showTyping(on) {
  const sign = find("[data-typing]");
  if (!sign) return;
  sign.hidden = !on;
  clearTimeout(typingTimer);
  // WhatsApp repeats the sign every few seconds; one that is not repeated is over
  if (on) typingTimer = setTimeout(() => showTyping(false), 25000);
  if (pinned) toEnd();
}

const MOST_PARTS = 8;

/** Go to a message that may stand further up; false if it is too far for loading all that is between. */
export async function findMessage(hash) {
  const list = messages();
  for (let part = 0; part <= MOST_PARTS; part++) {
    if (messages() !== list || showMessage(hash)) return true;
    const older = find('[data-action="older"]', scroller());
    if (!older || part === MOST_PARTS || !(await loadOlder(older))) return false;
  }
  return false;
}

let loading = null;

/** Put the part before in front of what is shown, which stays where it is; false if there was none to be had. */
export const loadOlder = (link) => (loading ??= load(link).finally(() => (loading = null)));

async function load(link) {
  link.setAttribute("aria-busy", "true");
  try {
    const page = await fetchPage(link.href);
    const place = scroller();
    if (!page || !place?.contains(link)) return false;
    const fromEnd = place.scrollHeight - place.scrollTop;
    const older = find("#messages", page);
    enliven(older);
    messages().prepend(...older.children);
    const start = find("[data-start]", page);
    if (start) link.closest("[data-start]").replaceWith(start);
    else link.closest("[data-start]").remove();
    tidy();
    place.scrollTop = place.scrollHeight - fromEnd;
    return true;
  } catch {
    link.removeAttribute("aria-busy");
    return false;
  }
}

/** Newer state of the same thread, from a page that was read again. */
export function replaceMessages(page) {
  const fresh = find("#messages", page);
  const list = messages();
  if (!fresh || !list) return;
  const first = fresh.firstElementChild;
  const known = new Set(findAll("[data-message]", fresh).map((item) => item.dataset.message));
  let kept = false;
  for (const item of [...list.children]) {
    // a mark goes with the message above it
    if (!isMark(item)) {
      const older = first && Number(item.dataset.at) < Number(first.dataset.at);
      kept = older && !(item.dataset.message && known.has(item.dataset.message));
    }
    if (!kept) item.remove();
  }
  list.append(...fresh.children);
  shown.readAgain(fresh);
  enliven(list);
  tidy();
  if (pinned) toEnd();
}
