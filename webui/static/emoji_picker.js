// Choosing an emoji: groups, search, what was used last; for the reply field and for reactions.

import { findAll, find, isTouch, parse, post } from "./dom.js";
import { toast } from "./desk.js";
import { load, recent, search, used } from "./emoji_data.js";

const COLUMNS = 8;
const MOST_FOUND = 96;
const picker = () => find("[data-emoji-picker]");
// {pick, opener}: what is done with the chosen one, and where the focus goes back to
let asked = null;
let drawn = 0;

export function close() {
  if (!picker()) return;
  const focused = picker().contains(document.activeElement);
  picker().remove();
  const { opener } = asked;
  asked = null;
  opener?.setAttribute?.("aria-expanded", "false");
  if (focused && opener?.isConnected) opener.focus({ preventScroll: true });
}

/** Open it over the reply field; `pick` is called with what is chosen and says whether it stays open. */
async function open(opener, pick) {
  const again = asked?.opener === opener;
  close();
  if (again) return;
  asked = { pick, opener };
  const place = parse(find("[data-emoji-template]").innerHTML);
  const composer = find("#composer");
  if (composer) composer.before(place);
  else find("#pane").append(place);
  opener.setAttribute("aria-expanded", "true");
  const field = find("[data-emoji-search]", place);
  field.addEventListener("input", () => (field.value.trim() ? showFound(field.value) : choose(tabs(place)[0])));
  if (!isTouch()) field.focus();
  try {
    await load();
  } catch {
    find("[data-emoji-lost]", place).hidden = false;
    return;
  }
  if (place.isConnected) choose(recent().length ? tabs(place)[0] : tabs(place)[1]);
}

const tabs = (place) => findAll("[data-group]", place);

async function choose(tab) {
  for (const one of tabs(picker())) one.setAttribute("aria-pressed", String(one === tab));
  const turn = ++drawn;
  const groups = await load();
  const named = new Map(groups.flatMap((group) => group.emoji.map((one) => [one.emoji, one])));
  const own = () => recent().map((emoji) => named.get(emoji) || { emoji, name: emoji });
  const found = tab.dataset.group === "recent" ? own() : groups.find((one) => one.name === tab.dataset.group).emoji;
  if (turn === drawn) draw(found);
}

async function showFound(words) {
  for (const one of tabs(picker())) one.setAttribute("aria-pressed", "false");
  const turn = ++drawn;
  const found = await search(words, MOST_FOUND);
  if (turn === drawn) draw(found);
}

function draw(found) {
  if (!picker()) return;
  const grid = find("[data-emoji-grid]", picker());
  const rows = [];
  for (let start = 0; start < found.length; start += COLUMNS) {
    const row = document.createElement("div");
    row.setAttribute("role", "row");
    for (const one of found.slice(start, start + COLUMNS)) {
      const cell = document.createElement("span");
      cell.setAttribute("role", "gridcell");
      const button = document.createElement("button");
      button.type = "button";
      button.tabIndex = rows.length || row.children.length ? -1 : 0;
      button.textContent = one.emoji;
      button.title = one.name;
      button.setAttribute("aria-label", one.name);
      button.dataset.emoji = one.emoji;
      cell.append(button);
      row.append(cell);
    }
    rows.push(row);
  }
  grid.replaceChildren(...rows);
  grid.scrollTop = 0;
  find("[data-emoji-none]", picker()).hidden = found.length > 0;
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

function move(event) {
  const all = findAll("[data-emoji]", picker());
  const at = all.indexOf(document.activeElement);
  const last = all.length - 1;
  const edges = { Home: 0, End: last };
  let to = event.key in edges ? edges[event.key] : at + STEPS[event.key];
  if (at < 0) {
    // out of the search field one goes down only
    if (event.key !== "ArrowDown" || !all.length) return;
    to = 0;
  } else if (to < 0 && event.key === "ArrowUp") {
    event.preventDefault();
    find("[data-emoji-search]", picker()).focus();
    return;
  }
  event.preventDefault();
  to = Math.min(Math.max(to, 0), last);
  all[Math.max(at, 0)].tabIndex = -1;
  all[to].tabIndex = 0;
  all[to].focus();
}

document.addEventListener("keydown", (event) => {
  if (!picker()?.contains(event.target)) return;
  if (event.key === "Escape") {
    event.stopImmediatePropagation();
    close();
  } else if (event.key in STEPS || (["Home", "End"].includes(event.key) && !event.target.matches("input"))) {
    move(event);
  } else if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    find("[data-emoji]", picker())?.click();
  }
});

document.addEventListener("click", (event) => {
  const action = event.target.closest("[data-action]");
  if (action?.dataset.action === "emoji") {
    event.preventDefault();
    open(action, insert);
  } else if (action?.dataset.action === "more-emoji") {
    event.preventDefault();
    const message = action.closest(".message");
    const url = action.closest("form").action;
    open(find('[data-action="message-menu"]', message), (emoji) => react(url, emoji));
  } else if (action?.dataset.action === "close-emoji") {
    close();
  } else if (picker()?.contains(event.target)) {
    const group = event.target.closest("[data-group]");
    const emoji = event.target.closest("[data-emoji]");
    if (group) {
      find("[data-emoji-search]", picker()).value = "";
      choose(group);
    }
    if (emoji) pick(emoji.dataset.emoji);
  } else if (picker() && !event.target.closest("#composer")) {
    close();
  }
});

function pick(emoji) {
  used(emoji);
  if (!asked.pick(emoji)) close();
}

/** Where the caret is; the picker stays for the next one. */
function insert(emoji) {
  const area = find("#reply");
  area.setRangeText(emoji, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  return true;
}

function react(url, emoji) {
  post(url, { emoji })
    .then(({ status, data }) => status !== 204 && toast(data.error || document.body.dataset.lost))
    .catch(() => toast(document.body.dataset.lost));
  return false;
}

/** After a thread has been put on the page. */
export function begin() {
  close();
  const button = find('[data-action="emoji"]');
  // a phone's keyboard has its own
  if (button) button.hidden = isTouch();
}
