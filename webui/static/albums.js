// Several pictures at once: a run of them is a grid of tiles, each still a message of its own.

import { find } from "./dom.js";

const APART = 90_000; // ms between two pictures of one run at most
const SEEN = 4; // tiles; what comes beyond is counted on the last, and seen in the gallery
const CLASSES = ["tile", "tile-start", "tile-end", "tile-wide", "tile-beyond", "tile-last"];

const ITEM = ".day, .bubble, [data-message-menu]";
const BUBBLE = ".message-more, .author, .media, .meta";
const all = (parts, selector) => [...parts].every((part) => part.matches(selector));

/** A picture and nothing else: whatever has words, or needs a decision, stands by itself. */
const isPlain = (item) =>
  item.dataset.kind === "image" &&
  find('[data-shape="image"] > .picture', item) &&
  all(item.children, ITEM) &&
  all(find(".bubble", item).children, BUBBLE);

const isNext = (one, other) =>
  one.classList.contains("own") === other.classList.contains("own") &&
  one.dataset.day === other.dataset.day &&
  find(".author", one)?.textContent === find(".author", other)?.textContent &&
  Number(other.dataset.at) - Number(one.dataset.at) <= APART;

/** Lay the runs of a thread out anew; called whenever something in it has changed. */
export function arrange(list) {
  let run = [];
  for (const item of list.children) {
    if (isPlain(item)) {
      if (run.length && !isNext(run.at(-1), item)) run = layOut(run);
      run.push(item);
    } else {
      run = layOut(run);
      if (item.classList.contains("tile")) clear(item);
    }
  }
  layOut(run);
}

function clear(item) {
  item.classList.remove(...CLASSES);
  const link = find(".picture", item);
  if (link) delete link.dataset.more;
}

function layOut(run) {
  const seen = Math.min(run.length, SEEN);
  run.forEach((item, place) => {
    const wanted = run.length < 2 ? [] : classesOf(place, seen, run.length);
    for (const name of CLASSES) item.classList.toggle(name, wanted.includes(name));
    const link = find(".picture", item);
    if (run.length > SEEN && place === SEEN - 1) link.dataset.more = `+${run.length - SEEN + 1}`;
    else delete link.dataset.more;
  });
  return [];
}

function classesOf(place, seen, all) {
  if (place >= seen) return ["tile", "tile-beyond"];
  const last = place === seen - 1 ? ["tile-last"] : [];
  if (seen === 3 && place === 2) return ["tile", "tile-wide", ...last];
  return ["tile", place % 2 ? "tile-end" : "tile-start", ...last];
}

/** What is seen of a message: the tile that counts it, if it is beyond the last one. */
export function seenOf(item) {
  let seen = item;
  while (seen?.classList.contains("tile-beyond")) seen = seen.previousElementSibling;
  return seen || item;
}
