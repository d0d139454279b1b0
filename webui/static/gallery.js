// All pictures and videos of a thread's page, one at a time on the whole screen.

import { seenOf } from "./albums.js";
import * as composer from "./composer.js";
import { find, findAll, parse, wordsOf } from "./dom.js";
import { zoomable } from "./gallery_zoom.js";

const LARGER = 1.5;

let gallery = null; // {dialog, zoom, id, opener}

const links = () => findAll('#messages [data-action="gallery"]');
const messageOf = (link) => link.closest(".message");
const idOf = (link) => messageOf(link).dataset.message;

function open(link) {
  const dialog = parse(find("[data-gallery-template]").innerHTML);
  const stage = find("[data-gallery-stage]", dialog);
  gallery = { dialog, zoom: zoomable(stage, act), id: null, opener: link };
  document.body.append(dialog);
  dialog.addEventListener("click", clicked);
  dialog.addEventListener("keydown", pressed);
  dialog.addEventListener("close", leave);
  dialog.showModal();
  show(link);
}

/** A film in a message goes on in the thread only if somebody wants it to. */
function leave() {
  const { dialog, id, opener } = gallery;
  gallery = null;
  findAll("video", dialog).forEach((film) => film.pause());
  dialog.remove();
  // the message may have been drawn anew, or lie beyond the last tile
  const last = links().find((link) => idOf(link) === id);
  const place = last ? find('[data-action="gallery"]', seenOf(messageOf(last))) : opener;
  place?.focus({ preventScroll: true });
  place?.scrollIntoView({ block: "nearest" });
}

function show(link) {
  const { dialog, zoom } = gallery;
  const message = messageOf(link);
  gallery.id = idOf(link);
  const stage = find("[data-gallery-stage]", dialog);
  stage.replaceChildren("film" in link.dataset ? filmOf(link) : pictureOf(link));
  zoom.reset();
  const all = links();
  const place = all.indexOf(link);
  const count = find("[data-gallery-count]", dialog);
  count.textContent = count.dataset.words.replace("{n}", place + 1).replace("{all}", all.length);
  find("[data-gallery-when]", dialog).textContent = `${find(".day span", message).textContent} ${find("time", message).textContent}`;
  find("[data-gallery-text]", dialog).textContent = wordsOf(message);
  const get = find("[data-gallery-get]", dialog);
  get.href = link.href;
  get.download = link.dataset.name || "";
  find('[data-gallery="before"]', dialog).disabled = place === 0;
  find('[data-gallery="next"]', dialog).disabled = place === all.length - 1;
  find('[data-gallery="quote"]', dialog).hidden = !find("#composer") || !message.dataset.can.split(" ").includes("quote");
  for (const name of ["smaller", "larger"]) find(`[data-gallery="${name}"]`, dialog).hidden = "film" in link.dataset;
  // what comes next is there when it is wanted
  const next = all[place + 1];
  if (next && !("film" in next.dataset)) new Image().src = next.href;
}

function pictureOf(link) {
  const small = find("img", link);
  const picture = document.createElement("img");
  picture.alt = small.alt;
  picture.draggable = false;
  picture.src = small.currentSrc || small.src;
  const whole = new Image();
  whole.addEventListener("load", () => (picture.src = whole.src));
  whole.src = link.href;
  return picture;
}

function filmOf(link) {
  const film = document.createElement("video");
  const poster = find("img", link)?.src || find("video", link)?.poster;
  Object.assign(film, { src: link.href, controls: true, playsInline: true, loop: "gif" in link.dataset });
  if (poster) film.poster = poster;
  film.setAttribute("aria-label", link.getAttribute("aria-label"));
  film.play().catch(() => {}); // the browser may want a click of its own
  return film;
}

function step(by) {
  const all = links();
  const place = all.findIndex((link) => idOf(link) === gallery.id);
  // it may have been deleted meanwhile
  const next = place < 0 ? all.at(-1) : all[place + by];
  if (next) show(next);
  else if (!all.length) gallery.dialog.close();
}

function act(what) {
  const { dialog, zoom, id } = gallery;
  if (what === "before") step(-1);
  if (what === "next") step(1);
  if (what === "larger") zoom.by(LARGER);
  if (what === "smaller") zoom.by(1 / LARGER);
  if (what === "whole") zoom.reset();
  if (what === "close") dialog.close();
  if (what === "quote") {
    const link = links().find((one) => idOf(one) === id);
    dialog.close();
    if (link) composer.quote(id, wordsOf(messageOf(link)) || find("img, video", link)?.alt || link.getAttribute("aria-label") || "");
  }
}

function clicked(event) {
  const button = event.target.closest("[data-gallery]");
  if (button) act(button.dataset.gallery);
}

const KEYS = { ArrowLeft: "before", ArrowRight: "next", "+": "larger", "=": "larger", "-": "smaller", 0: "whole" };

function pressed(event) {
  // nothing of the page behind it is meant
  event.stopPropagation();
  const what = KEYS[event.key];
  const isFilms = event.target.matches("video") && event.key.startsWith("Arrow");
  if (!what || isFilms || event.metaKey || event.ctrlKey || event.altKey) return;
  event.preventDefault();
  act(what);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('[data-action="gallery"]');
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || gallery) return;
  event.preventDefault();
  open(link);
});

// another thread, or the list: what was looked at is not there
addEventListener("popstate", () => gallery?.dialog.close());
