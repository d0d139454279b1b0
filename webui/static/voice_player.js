// The player of voice messages and other recordings: wave form, place, speed; one plays at a time.

import { find, findAll, parse } from "./dom.js";

const SPEEDS = [1, 1.5, 2];
const REMEMBERED = "balas.speed";
const BARS = 64;
const STEP = 5; // seconds that an arrow key moves
const WORD = { 1: "1×", 1.5: "1.5×", 2: "2×" };

let speed = SPEEDS.find((one) => String(one) === remembered()) || 1;

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null; // storage may be switched off
  }
}

/** Put the player in front of each recording that has none yet. */
export function enliven(place) {
  const template = find("[data-voice-template]");
  if (!template) return;
  for (const voice of findAll("[data-voice]", place)) if (!find(".player", voice)) dress(voice, template);
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    for (const film of findAll("video[autoplay]", place)) film.pause();
  }
}

function dress(voice, template) {
  const audio = find("audio", voice);
  const player = parse(template.innerHTML);
  draw(find(".wave svg", player), voice.dataset.wave);
  find("[data-voice-get]", player).href = audio.src;
  audio.controls = false;
  voice.append(player);
  const show = () => follow(voice);
  for (const event of ["timeupdate", "durationchange", "play", "pause", "ended", "seeked"]) audio.addEventListener(event, show);
  audio.addEventListener("error", () => fail(voice));
  show();
}

/** Bars as high as it is loud; a flat line for a recording that does not say. */
function draw(svg, wave) {
  for (let bar = 0; bar < BARS; bar++) {
    const loud = Number.parseInt(wave.slice(2 * bar, 2 * bar + 2), 16) || 0;
    const height = Math.max(2, Math.min(1, loud / 100) * 30);
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const values = { x: bar * 3, y: 16 - height / 2, width: 2, height, rx: 1 };
    for (const [name, value] of Object.entries(values)) rect.setAttribute(name, value);
    svg.append(rect);
  }
}

/** Its length in seconds: the file's word, or before it is loaded the message's. */
const lengthOf = (voice) => {
  const { duration } = find("audio", voice);
  return Number.isFinite(duration) && duration > 0 ? duration : Number(voice.dataset.seconds) || 0;
};

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function follow(voice) {
  const audio = find("audio", voice);
  const whole = lengthOf(voice);
  const at = Math.min(audio.currentTime, whole || audio.currentTime);
  const button = find("[data-voice-play]", voice);
  const words = button.dataset;
  button.toggleAttribute("data-playing", !audio.paused);
  button.setAttribute("aria-label", audio.paused ? words.playWords : words.pauseWords);
  const slider = find(".wave", voice);
  slider.setAttribute("aria-valuemax", Math.round(whole));
  slider.setAttribute("aria-valuenow", Math.round(at));
  slider.setAttribute("aria-valuetext", `${clock(at)} / ${clock(whole)}`);
  const played = whole ? (at / whole) * BARS : 0;
  findAll("rect", slider).forEach((bar, place) => bar.classList.toggle("played", place < played));
  find("[data-voice-time]", voice).textContent = clock(at > 0 ? at : whole);
  showSpeed(voice);
}

function showSpeed(voice) {
  const button = find("[data-voice-speed]", voice);
  button.textContent = WORD[speed];
  // the word alone says the value, the label what it is
  button.setAttribute("aria-label", `${button.dataset.label || (button.dataset.label = button.getAttribute("aria-label"))} ${WORD[speed]}`);
  find("audio", voice).playbackRate = speed;
}

function fail(voice) {
  find("[data-voice-trouble]", voice).hidden = false;
  find("[data-voice-play]", voice).disabled = true;
}

function toggle(voice) {
  const audio = find("audio", voice);
  audio.playbackRate = speed;
  if (!audio.paused) return audio.pause();
  // pausing it at once, or what it can't play, ends the wish: the events say so
  audio.play().catch(() => {});
}

function seek(voice, seconds) {
  const audio = find("audio", voice);
  const to = Math.max(0, Math.min(seconds, lengthOf(voice)));
  if (audio.readyState > 0) {
    audio.currentTime = to;
    return;
  }
  // nothing is loaded before it is wanted
  audio.addEventListener("loadedmetadata", () => (audio.currentTime = to), { once: true });
  audio.preload = "metadata";
  audio.load();
}

function nextSpeed() {
  speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
  try {
    localStorage.setItem(REMEMBERED, String(speed));
  } catch {
    // for this page only
  }
  findAll("[data-voice]").forEach((voice) => find(".player", voice) && showSpeed(voice));
}

document.addEventListener("click", (event) => {
  const voice = event.target.closest("[data-voice]");
  if (!voice) return;
  if (event.target.closest("[data-voice-play]")) toggle(voice);
  if (event.target.closest("[data-voice-speed]")) nextSpeed();
  const wave = event.target.closest(".wave");
  if (!wave) return;
  const box = wave.getBoundingClientRect();
  seek(voice, ((event.clientX - box.left) / box.width) * lengthOf(voice));
});

document.addEventListener("keydown", (event) => {
  const slider = event.target.closest?.(".wave");
  if (!slider || event.metaKey || event.ctrlKey || event.altKey) return;
  const voice = slider.closest("[data-voice]");
  const at = find("audio", voice).currentTime;
  const to = {
    ArrowRight: at + STEP,
    ArrowUp: at + STEP,
    ArrowLeft: at - STEP,
    ArrowDown: at - STEP,
    Home: 0,
    End: lengthOf(voice),
  }[event.key];
  if (to !== undefined) seek(voice, to);
  else if (event.key === " " || event.key === "Enter") toggle(voice);
  else return;
  event.preventDefault();
});

// one voice at a time
document.addEventListener(
  "play",
  (event) => {
    if (event.target.muted) return;
    for (const other of findAll("audio, video")) if (other !== event.target && !other.muted) other.pause();
  },
  true,
);

/** A recording that somebody is listening to goes on, whatever else of its message is drawn anew; else false. */
export function keepPlaying(old, bubble) {
  const [mine, theirs] = [old, bubble].map((one) => find("audio", one));
  if (!mine || mine.getAttribute("src") !== theirs?.getAttribute("src")) return false;
  if (mine.paused && !mine.currentTime) return false;
  const [place, fresh] = [mine, theirs].map((one) => one.closest(".media"));
  const at = place.contains(document.activeElement) ? null : old.contains(document.activeElement) && document.activeElement.dataset.action;
  for (const item of [...place.parentElement.children]) if (item !== place) item.remove();
  let isBefore = true;
  for (const item of [...fresh.parentElement.children]) {
    if (item === fresh) isBefore = false;
    else if (isBefore) place.before(item);
    else place.parentElement.append(item);
  }
  const article = place.parentElement;
  for (const item of [...old.children]) if (item !== article && !item.matches(".day, [data-message-menu]")) item.remove();
  for (const item of [...bubble.children]) if (!item.matches(".day, article")) old.append(item);
  old.className = bubble.className;
  for (const { name, value } of bubble.attributes) if (name.startsWith("data-")) old.setAttribute(name, value);
  if (at) find(`[data-action="${at}"]`, old)?.focus({ preventScroll: true });
  return true;
}
