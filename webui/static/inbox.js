// The inbox: list and thread on one page, kept true by the websocket, moved through without reloads.

import "./ask_again.js";
import * as alarms from "./alarms.js";
import "./cards.js";
import * as cardForms from "./card_forms.js";
import * as claims from "./claims.js";
import * as composer from "./composer.js";
import * as connection from "./connection.js";
import { closeQuestion, personal, swap } from "./desk.js";
import * as details from "./details.js";
import "./gallery.js";
import { fetchPage, find, findAll, showBanner, showNumbers, wordsOf } from "./dom.js";
import * as groups from "./groups.js";
import * as handovers from "./handovers.js";
import * as list from "./list.js";
import { Live } from "./live.js";
import * as messageMenu from "./message_menu.js";
import { follow, missed } from "./shown.js";
import * as suggestions from "./suggestions.js";
import * as thread from "./thread.js";
import * as transfers from "./transfers.js";

const body = document.body;
const isOpen = (id) => String(id) === body.dataset.open;

const live = new Live(Number(body.dataset.cursor), {
  hello: claims.forget,
  row: (message) => {
    list.placeRow(message.html);
    alarms.follow(message.id, message.html);
  },
  bubble: (message) => {
    if (!isOpen(message.conversation)) return thread.replaceBubble(message.html);
    thread.placeBubble(message.html);
    follow(message.id);
  },
  transfer: (message) => isOpen(message.conversation) && transfers.place(message),
  activity: (message) => isOpen(message.conversation) && thread.placeActivity(message.html),
  thread: (message) => isOpen(message.conversation) && refreshThread(message),
  claim: (message) => isOpen(message.conversation) && claims.changed(message),
  claimed: (message) => isOpen(message.conversation) && claims.show(message.html),
  alarm: (message) => alarms.ring(message.conversation, message.html),
  mentions: (message) => alarms.named(list.setMentions(message.conversations).filter((id) => !isOpen(id))),
  given: (message) => {
    handovers.show(message);
    if (isOpen(message.conversation) && document.visibilityState === "visible") thread.lookedAt();
  },
  presence: (message) => alarms.showTeam(message.html),
  counts: list.setCounts,
  numbers: showNumbers,
  typing: showTyping,
  banner: (message) => {
    showBanner(message);
    composer.showOffline(message.can_send);
  },
  resync: () => {
    missed();
    resync();
  },
  lost: resync,
});

const shown = () => ({ open: Number(body.dataset.open) || null, box: body.dataset.box, page: null });

claims.connect((words) => live.say(words));

function refreshThread(message) {
  swap(find("[data-head]"), message.head);
  find('[data-action="back"]').search = list.where();
  find("[data-disappearing-place]").innerHTML = message.disappearing;
  thread.placeMarks(message.marks);
  details.refresh();
  const isResolved = message.status === "resolved";
  if (isResolved) closeQuestion();
  if (isResolved && composer.resolved(message.resolved)) return;
  composer.reopened();
  claims.lock(message.only, message.only_name);
  composer.adoptTurn(message);
  // a reply field comes or goes with the whole pane; an older part of the thread has none either way
  if (find(isResolved ? "#composer" : "[data-closed]")) go(location.href, false);
}

function showTyping(message) {
  list.showTyping(message.conversation, message.on);
  if (isOpen(message.conversation)) thread.showTyping(message.on);
}

let resyncing = null;
let lastResync = 0;

/** Read the page again instead of applying what was missed; at most once in two seconds. */
function resync() {
  if (resyncing) return resyncing;
  const wait = Math.max(0, lastResync + 2000 - Date.now()) + Math.random() * 300;
  resyncing = new Promise((done) => setTimeout(done, wait)).then(reread).finally(() => (resyncing = null));
  return resyncing;
}

async function reread() {
  lastResync = Date.now();
  try {
    const url = location.href;
    const page = await fetchPage(url, document.hidden ? { "X-Peek": "1" } : {});
    if (page && url === location.href) takeOver(page);
  } catch {
    // the next attempt of the websocket asks again
  }
}

function takeOver(page) {
  find("#rows").replaceChildren(...find("#rows", page).children);
  for (const place of findAll("[data-count]")) {
    place.textContent = find(`[data-count="${place.dataset.count}"]`, page).textContent;
  }
  find("[data-banner-place]").replaceChildren(...find("[data-banner-place]", page).childNodes);
  thread.replaceMessages(page);
  const head = find("[data-head]", page);
  if (head && find("[data-head]")) swap(find("[data-head]"), head);
  const disappearing = find("[data-disappearing-place]", page);
  if (disappearing) find("[data-disappearing-place]")?.replaceChildren(...disappearing.childNodes);
  const claim = find("[data-claim]", page);
  if (claim) claims.show(claim.innerHTML);
  body.dataset.mentions = page.body.dataset.mentions;
  details.refresh();
  const closed = find("[data-closed]", page);
  if (closed && find("#composer")) {
    // there is none for a customer who was forgotten
    const notice = find("[data-resolved-notice]", closed);
    if (!notice || !composer.resolved(notice.innerHTML)) go(location.href, false);
  } else if (find("#composer", page)) {
    composer.reopened();
    if (find("[data-closed]")) go(location.href, false);
  }
  const turn = find("#composer", page)?.turn_id.value;
  if (turn !== undefined) composer.adoptTurn({ turn_id: turn || null, notice: "" });
  const lock = find("[data-locked]", page);
  if (lock) claims.lockAs(lock);
  const note = find("[data-offline-note]", page);
  if (note) composer.showOffline(note.hidden);
  live.cursor = Number(page.body.dataset.cursor);
  live.tell(shown());
  list.refresh();
}

let going = 0;
// the address of what is shown
let shownAt = location.href;

/** Go to another thread or box of the inbox without loading the page anew. */
async function go(url, push) {
  const mine = ++going;
  try {
    const page = await fetchPage(url);
    // whoever has clicked on meanwhile wants to be there, not here
    if (!page || mine !== going) return;
    if (push) history.pushState(null, "", url);
    shownAt = location.href;
    const sameBox = page.body.dataset.box === body.dataset.box;
    const sameTag = page.body.dataset.tag === body.dataset.tag;
    if (page.body.dataset.open !== body.dataset.open) claims.stopped();
    for (const name of ["box", "open", "tag", "mentions"]) body.dataset[name] = page.body.dataset[name];
    body.classList.toggle("has-thread", page.body.classList.contains("has-thread"));
    document.title = page.title;
    find("#pane").replaceWith(find("#pane", page));
    if (!sameBox || !sameTag) find(".list").replaceWith(find(".list", page));
    list.markOpen(body.dataset.open);
    live.tell(shown(), Math.min(live.cursor, Number(page.body.dataset.cursor)));
    begin();
  } catch {
    if (mine !== going) return;
    // the page stays as it is, and so does the address that it is read again by
    if (!push && url !== shownAt) history.pushState(null, "", shownAt);
    connection.leaveFor(url);
  }
}

function begin() {
  personal();
  messageMenu.close();
  alarms.opened(body.dataset.open);
  handovers.opened(body.dataset.open);
  thread.begin();
  groups.begin();
  details.begin();
  composer.begin();
  cardForms.begin();
  if (list.isTyping(body.dataset.open)) thread.showTyping(true);
  list.refresh();
  list.age();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  const action = button?.dataset.action;
  if (action === "to-end") thread.toEnd();
  if (action === "read-more") thread.readMore(button);
  if (action === "quick") suggestions.ask();
  if (action === "take-over") claims.takeOver(Number(body.dataset.open));
  if (action === "again") composer.writeAgain(wordsOf(button.closest(".message")));
  const link = event.target.closest("a");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain) return;
  if (action === "to-answer") {
    event.preventDefault();
    toMessage(link.hash);
  } else if (action === "details" || action === "close-details") {
    event.preventDefault();
    details.toggle();
  } else if (action === "older") {
    event.preventDefault();
    thread.loadOlder(link);
  } else if (action === "older-rows") {
    event.preventDefault();
    loadOlderRows(link);
  } else if (link.matches(".row a, [data-box-link], [data-open-thread], [data-action=back]")) {
    event.preventDefault();
    go(link.href, true);
  }
});

/** To a message of this thread, wherever in it; what is too far away is shown in a part of its own. */
async function toMessage(hash) {
  const [open, at] = [body.dataset.open, hash.replace("#message-", "")];
  if (!(await thread.findMessage(hash)) && open === body.dataset.open) go(`/c/${open}?at=${at}${hash}`, true);
}

async function loadOlderRows(link) {
  try {
    const page = await fetchPage(link.href);
    if (!page) return;
    for (const row of findAll(".row", page)) list.rowOf(row.dataset.conversation) || find("#rows").append(row);
    const more = find('[data-action="older-rows"]', page);
    if (more) link.replaceWith(more);
    else link.closest(".more").remove();
  } catch {
    connection.leaveFor(link.href);
  }
}

addEventListener("popstate", () => go(location.href, false));
document.addEventListener("keydown", list.walk);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible" || !body.dataset.open) return;
  thread.lookedAt();
  list.clearBadge(list.rowOf(body.dataset.open));
  list.refresh();
});
document.addEventListener("toasts", list.refresh);
document.addEventListener("more", resync);
setInterval(list.age, 20000);
live.tell(shown());
begin();
