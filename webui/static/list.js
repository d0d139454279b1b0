// The list of conversations: rows come and go with the box that is shown.

import { personal } from "./desk.js";
import { find, findAll, parse } from "./dom.js";

const body = document.body;
const typing = new Map();
const rows = () => find("#rows");

export const rowOf = (id) => find(`.row[data-conversation="${id}"]`);

function belongs(row) {
  if (body.dataset.tag && !row.dataset.tags.split(" ").includes(body.dataset.tag)) return false;
  const resolved = row.dataset.status === "resolved";
  if (body.dataset.box === "groups") return row.dataset.group === "on";
  if (body.dataset.box === "resolved") return resolved && !row.dataset.group;
  // a reply that needs a decision keeps even a resolved one in sight
  if (resolved && !row.hasAttribute("data-undecided")) return false;
  if (body.dataset.box === "mine") return row.dataset.assignee === body.dataset.admin;
  return body.dataset.box !== "unassigned" || (resolved ? !row.dataset.assignee : row.dataset.status === "unassigned");
}

/** Newest first, ties by number. */
function precedes(a, b) {
  return Number(a.dataset.at) - Number(b.dataset.at) || Number(a.dataset.conversation) - Number(b.dataset.conversation);
}

export function placeRow(html) {
  const row = parse(html);
  const id = row.dataset.conversation;
  const old = rowOf(id);
  const focused = old?.contains(document.activeElement);
  if (!belongs(row)) {
    old?.remove();
    return refresh();
  }
  // a newer message ends the typing, any other change of the row does not
  if (old && old.dataset.at !== row.dataset.at) showTyping(id, false);
  row.classList.toggle("is-typing", isTyping(id));
  const link = find("a", row);
  link.search = where();
  personal(row);
  markMentioned(row);
  if (id === body.dataset.open) {
    link.setAttribute("aria-current", "true");
    if (document.visibilityState === "visible") clearBadge(row);
  }
  const next = findAll(".row", rows()).find((other) => other !== old && precedes(row, other) > 0);
  const hasOlder = find('[data-action="older-rows"]');
  if (next) rows().insertBefore(row, next);
  else if (!hasOlder || old) rows().append(row);
  old?.remove();
  if (focused) link.focus({ preventScroll: true });
  refresh();
}

/** Which list a link leads back to. */
export const where = () => {
  const number = find("[data-numbers]") ? `&account=${document.documentElement.dataset.account}` : "";
  return `?box=${body.dataset.box}${body.dataset.tag ? `&tag=${body.dataset.tag}` : ""}${number}`;
};

const mentions = () => new Set(body.dataset.mentions.split(" ").filter(Boolean));

function markMentioned(row) {
  find("[data-mentioned]", row).hidden = !mentions().has(row.dataset.conversation);
}

/** Where this admin is named in a note he has not seen; gives what is new. */
export function setMentions(ids) {
  const before = mentions();
  body.dataset.mentions = ids.join(" ");
  for (const row of findAll(".row")) markMentioned(row);
  return ids.map(String).filter((id) => !before.has(id));
}

export function clearBadge(row) {
  if (!row) return;
  find("[data-badge]", row)?.remove();
  find("[data-only-admin]", row)?.remove();
  row.classList.remove("has-unread");
  row.dataset.unread = "0";
  setMentions([...mentions()].filter((id) => id !== row.dataset.conversation));
}

export function markOpen(id) {
  for (const link of findAll(".row a[aria-current]")) link.removeAttribute("aria-current");
  const row = id && rowOf(id);
  if (!row) return;
  find("a", row).setAttribute("aria-current", "true");
  clearBadge(row);
  refresh();
}

export function setCounts(counts) {
  for (const place of findAll("[data-count]")) place.textContent = counts[place.dataset.count] ?? "";
}

export const isTyping = (id) => typing.has(String(id));

/** WhatsApp repeats the sign every few seconds; one that is not repeated is over. */
export function showTyping(id, on) {
  const key = String(id);
  clearTimeout(typing.get(key));
  typing.delete(key);
  if (on) typing.set(key, setTimeout(() => showTyping(id, false), 25000));
  rowOf(id)?.classList.toggle("is-typing", on);
}

/** The empty sentence and the number in the tab's title. */
export function refresh() {
  const all = findAll(".row");
  find("[data-empty]").hidden = all.length > 0;
  const unread = all.filter((row) => row.dataset.unread !== "0").length;
  const alarm = find("[data-toast][data-alarm]") ? "⚠ " : "";
  document.title = alarm + (unread ? `(${unread}) ` : "") + document.title.replace(/^(⚠ )?(\(\d+\) )?/, "");
}

/** Arrow keys walk through the list. */
export function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const row = step && event.target.closest?.(".row");
  if (!row) return;
  const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  if (next) {
    event.preventDefault();
    find("a", next).focus();
  }
}

/** "5 min" since a moment, in the units the page brought along. */
export function age() {
  for (const place of findAll("[data-since]")) {
    const minutes = Math.max(1, Math.floor((Date.now() - Date.parse(place.dataset.since)) / 60000));
    const [text, number] =
      minutes < 60
        ? [body.dataset.minutes, minutes]
        : minutes < 2880
          ? [body.dataset.hours, Math.floor(minutes / 60)]
          : [body.dataset.days, Math.floor(minutes / 1440)];
    find("[data-duration]", place).textContent = text.replace("{n}", number);
    place.classList.toggle("long", minutes >= 30);
  }
}
