// What the reply field offers while one types: "/" quick replies in a reply, "@" colleagues in a note and members in a
// group, ":" emoji.

import * as attachments from "./attachments.js";
import { find, findAll } from "./dom.js";
import { search, used } from "./emoji_data.js";

const FRESH = 60000;
let kept = { url: "", at: 0, replies: [], members: [] };
let shown = [];
let chosen = 0;
let start = 0;

const list = () => find("[data-suggestions]");
const field = () => find("#reply");
export const isOpen = () => Boolean(list()) && !list().hidden;

async function offered() {
  const url = find("#composer").dataset.quick;
  if (kept.url !== url || Date.now() - kept.at > FRESH) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (!response.ok) return { replies: [], members: [] };
    kept = { url, at: Date.now(), ...(await response.json()) };
  }
  return kept;
}

const members = async () =>
  (await offered()).members.map((name) => ({ key: name.toLowerCase(), title: `@${name}`, text: "", put: `@${name} ` }));

async function quickReplies() {
  return (await offered()).replies.map((one) => ({ key: one.shortcut, title: `/${one.shortcut}`, text: one.text, put: one.text, file: one.file }));
}

const colleagues = () =>
  findAll("[data-team] [data-username]").map((one) => ({
    key: `${one.dataset.username} ${one.dataset.name.toLowerCase()}`,
    title: `@${one.dataset.username}`,
    text: one.dataset.name,
    put: `@${one.dataset.username} `,
  }));

/** The word before the caret that asks for something, if any. */
function asked() {
  const area = field();
  const before = area.value.slice(0, area.selectionStart);
  const { mode, group } = find("#composer").dataset;
  const note = mode === "note";
  // two letters at least: ":)" and "10:30" are what they are
  const emoji = before.match(/(?:^|\s):(\p{L}[\p{L}\d_]+)$/u);
  if (emoji) return { word: emoji[1].toLowerCase(), from: before.length - emoji[1].length - 1, note, emoji: true };
  const named = note ? before.match(/(?:^|\s)@([\w.-]*)$/) : group !== undefined && before.match(/(?:^|\s)@([^\s@]*)$/);
  const match = named || (!note && before.match(/(?:^|\s)\/([^\s/]*)$/));
  return match && { word: match[1].toLowerCase(), from: before.length - match[1].length - 1, note, named: Boolean(named) };
}

/** After every keystroke. */
export async function look(always = false) {
  const wish = asked();
  if (!wish) return close();
  if (wish.emoji) return lookForEmoji(wish);
  const every = wish.note ? colleagues() : await (wish.named ? members() : quickReplies()).catch(() => []);
  const now = asked();
  if (!now || now.from !== wish.from || now.emoji) return isOpen() && look();
  const found = every.filter((one) => one.key.split(" ").some((part) => part.startsWith(now.word)));
  start = now.from;
  if (found.length || (always && !wish.named)) show(found.slice(0, 8));
  else close();
}

async function lookForEmoji(wish) {
  const found = await search(wish.word, 8).catch(() => []);
  const now = asked();
  // one has typed on meanwhile: that is looked for by itself
  if (!now?.emoji || now.word !== wish.word) return;
  start = now.from;
  if (found.length) show(found.map((one) => ({ title: one.emoji, text: one.name, put: one.emoji, emoji: one.emoji })));
  else close();
}

/** Open by a button: as if "/" had been typed. */
export function ask() {
  const area = field();
  area.focus();
  if (!asked()) {
    const at = area.selectionStart;
    const gap = at && !/\s$/.test(area.value.slice(0, at)) ? " " : "";
    area.setRangeText(`${gap}/`, at, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  look(true);
}

function show(found) {
  const place = list();
  shown = found;
  chosen = 0;
  place.replaceChildren(
    ...found.map((one, number) => {
      const item = document.createElement("li");
      item.id = `suggestion-${number}`;
      item.setAttribute("role", "option");
      item.dataset.number = number;
      const title = document.createElement("b");
      title.textContent = one.title;
      const text = document.createElement("span");
      text.dir = "auto";
      text.textContent = one.text;
      item.append(title, text);
      if (one.file) {
        const file = document.createElement("i");
        file.dir = "auto";
        file.textContent = one.file.name;
        item.append(file);
      }
      return item;
    }),
  );
  if (!found.length) {
    const nothing = document.createElement("li");
    nothing.className = "nothing";
    nothing.textContent = place.dataset.emptyWords;
    place.append(nothing);
  }
  place.hidden = false;
  mark();
}

function mark() {
  findAll("[role=option]", list()).forEach((item, number) => {
    item.setAttribute("aria-selected", String(number === chosen));
    if (number === chosen) item.scrollIntoView({ block: "nearest" });
  });
  field().setAttribute("aria-activedescendant", shown.length ? `suggestion-${chosen}` : "");
}

export function close() {
  if (!isOpen()) return;
  list().hidden = true;
  shown = [];
  field()?.removeAttribute("aria-activedescendant");
}

function put(number) {
  const area = field();
  const one = shown[number];
  close();
  area.setRangeText(one.put, start, area.selectionStart, "end");
  if (one.file) attachments.attach(one.file);
  if (one.emoji) used(one.emoji);
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Whether a key was meant for the list. */
export function takes(event) {
  if (!isOpen()) return false;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && shown.length) {
    chosen = (chosen + step + shown.length) % shown.length;
    mark();
  } else if ((event.key === "Enter" || event.key === "Tab") && shown.length && !event.isComposing) {
    put(chosen);
  } else if (event.key === "Escape") {
    close();
  } else {
    return false;
  }
  event.preventDefault();
  event.stopPropagation();
  return true;
}

// before the field loses its focus
document.addEventListener("pointerdown", (event) => {
  const item = event.target.closest("[data-suggestions] [role=option]");
  if (item) {
    event.preventDefault();
    put(Number(item.dataset.number));
  } else if (!event.target.closest("#composer")) {
    close();
  }
});
