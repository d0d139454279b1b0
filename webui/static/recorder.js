// A voice message in the reply field: recorded by tapping or while a finger holds, heard, deleted or sent.

import * as claims from "./claims.js";
import { csrfToken, find } from "./dom.js";
import * as recording from "./recording.js";

const HOLD = 300; // ms after which a finger on the button holds it
const CLICK = 500; // ms within which a finger's click follows
const SLIDE = 90; // px to the left that throw it away
const SHORTEST = 0.4; // seconds; less was a slip of the finger
const BAR = 3; // px of a bar of the wave and of the gap behind it

// what was recorded and has not left, by conversation: another thread in front loses nothing
const kept = new Map();
let isAsking = false;
let isGivenUp = false;
let hold = null;
// when a finger has left the button: the click that follows is the same press
let leftAt = -Infinity;
const player = new Audio();

const form = () => find("#composer");
const place = () => find("[data-recorder]");
const part = (name) => find(`[data-record-${name}]`, form());
const conversation = () => form()?.dataset.conversation;
const mine = () => kept.get(conversation());
const running = () => [...kept.values()].find((one) => one.isRunning);
const isUsable = () => form().dataset.mode === "reply" && !form().hasAttribute("data-editing") && !form().hasAttribute("data-only");

/** After a thread has been put on the page. */
export function begin() {
  player.pause();
  const other = running();
  if (other && other !== (place() && mine())) other.stop();
  if (!place() || !recording.isPossible()) return;
  const button = part("button");
  button.hidden = false;
  button.addEventListener("click", tap);
  button.addEventListener("pointerdown", press);
  button.addEventListener("contextmenu", (event) => hold && event.preventDefault());
  part("delete").addEventListener("click", () => {
    drop();
    part("button").focus();
  });
  part("play").addEventListener("click", play);
  new ResizeObserver(draw).observe(part("wave"));
  // a note, an edit or a colleague's chat has no voice: what runs stops, and waits
  new MutationObserver(() => !isUsable() && mine()?.stop()).observe(form(), { attributeFilter: ["data-mode", "data-editing", "data-only"] });
  show();
}

/** What a reply would send instead of words: {key, bring}; null if nothing was recorded. */
export function current() {
  const voice = place() && isUsable() && mine();
  return voice ? { key: voice.key, bring: () => bring(voice) } : null;
}

/** It has left. */
export function sent(key) {
  for (const [where, voice] of kept) if (voice.key === key) kept.delete(where);
  player.pause();
  if (place()) show();
}

function tap() {
  if (performance.now() - leftAt < CLICK) return;
  if (mine()?.isRunning) stop();
  else if (!mine()) start();
}

async function start() {
  if (isAsking) return;
  const where = conversation();
  const { dataset } = place();
  say("", "");
  isAsking = true;
  isGivenUp = false;
  let voice;
  try {
    voice = await recording.start({ seconds: Number(dataset.seconds), bytes: Number(dataset.bytes) });
  } catch (error) {
    if (where === conversation()) say("", dataset[`error${error.name}`] || dataset.errorOther);
    return;
  } finally {
    isAsking = false;
  }
  voice.onlook = look;
  voice.onstop = stopped;
  kept.set(where, voice);
  // somebody has gone elsewhere while the browser asked, or has thrown it away
  if (where !== conversation() || !isUsable() || isGivenUp) {
    voice.isDropped = true;
    kept.delete(where);
    voice.stop();
    return;
  }
  claims.typed(Number(where));
  say(dataset.recordingWords, "");
  place().toggleAttribute("data-held", Boolean(hold));
  show();
}

async function stop() {
  const voice = mine();
  await voice?.stop();
}

function look(voice) {
  if (mine() !== voice) return;
  claims.typed(Number(conversation()));
  part("time").textContent = clock(voice.seconds);
  draw();
}

function stopped(voice) {
  if (!place() || mine() !== voice) return;
  const { dataset } = place();
  if (voice.isDropped) return;
  if (voice.seconds < SHORTEST || !voice.blob.size) {
    drop();
    say("", voice.ended === "gone" ? dataset.errorOther : dataset.shortWords);
    return;
  }
  say({ long: dataset.longWords, gone: dataset.goneWords }[voice.ended] || dataset.doneWords.replace("{time}", clock(voice.seconds)), "");
  show();
  if (part("button") === document.activeElement) part("play").focus();
}

/** Throw it away. */
function drop() {
  const voice = mine();
  if (!voice) return;
  voice.isDropped = true;
  kept.delete(conversation());
  voice.stop();
  player.pause();
  claims.stopped();
  say(place().dataset.deletedWords, "");
  show();
}

// --- a finger that holds the button ---

function press(event) {
  if (event.pointerType !== "touch" || mine()) return;
  hold = { id: event.pointerId, x: event.clientX, at: performance.now() };
  start();
}

function moved(event) {
  if (hold?.id !== event.pointerId) return;
  const slid = hold.x - event.clientX;
  place()?.toggleAttribute("data-slid", slid > SLIDE / 2);
  if (slid < SLIDE) return;
  released(event);
  isGivenUp = true;
  drop();
}

function released(event) {
  if (hold?.id !== event.pointerId) return;
  place()?.removeAttribute("data-slid");
  place()?.removeAttribute("data-held");
  leftAt = performance.now();
  const isHeld = leftAt - hold.at > HOLD;
  hold = null;
  if (isHeld && mine()?.isRunning) stop();
}

document.addEventListener("pointermove", moved);
document.addEventListener("pointerup", released);
document.addEventListener("pointercancel", released);

// --- what is shown ---

function show() {
  const voice = mine();
  form().dataset.recorderState = !voice ? "" : voice.isRunning ? "recording" : "ready";
  place().hidden = !voice;
  part("time").textContent = clock(voice?.seconds || 0);
  const button = part("button");
  const words = voice?.isRunning ? button.dataset.stopWords : button.dataset.startWords;
  button.setAttribute("aria-label", words);
  button.title = words;
  showPlayer();
  draw();
}

function say(words, error) {
  part("status").textContent = words;
  part("error").textContent = error;
  part("error").hidden = !error;
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Bars: while it is recorded the last ones, then all of it, and how far it has been heard. */
function draw() {
  const canvas = place() && part("wave");
  const voice = canvas && mine();
  if (!voice || !canvas.clientWidth) return;
  const scale = devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const count = Math.floor(canvas.clientWidth / (2 * BAR));
  const { levels } = voice;
  // the loudest that a bar stands for
  const loudest = (bar) => Math.max(0, ...levels.slice(Math.floor((bar * levels.length) / count), Math.floor(((bar + 1) * levels.length) / count) || 1));
  const heard = player.voice === voice ? player.currentTime / (voice.seconds || 1) : 0;
  for (let bar = 0; bar < count; bar++) {
    const level = voice.isRunning ? levels.at(bar - count) ?? 0 : loudest(bar);
    if (voice.isRunning && count - bar > levels.length) continue;
    const height = Math.max(BAR, level * canvas.clientHeight) * scale;
    pen.fillStyle = voice.isRunning || bar / count < heard ? style.color : style.borderColor;
    pen.fillRect(bar * 2 * BAR * scale, (canvas.height - height) / 2, BAR * scale, height);
  }
}

function play() {
  const voice = mine();
  if (!voice?.blob) return;
  if (player.voice !== voice) {
    URL.revokeObjectURL(player.src);
    player.src = URL.createObjectURL(voice.blob);
    player.voice = voice;
  }
  if (player.paused) player.play().catch(() => say("", place().dataset.errorPlay));
  else player.pause();
}

function showPlayer() {
  const button = place() && part("play");
  if (!button) return;
  const isOn = !player.paused && player.voice === mine();
  button.toggleAttribute("data-on", isOn);
  button.setAttribute("aria-label", isOn ? button.dataset.pauseWords : button.dataset.playWords);
}

for (const what of ["play", "pause", "ended"]) player.addEventListener(what, showPlayer);
player.addEventListener("timeupdate", () => {
  if (!place() || player.voice !== mine()) return;
  claims.typed(Number(conversation()));
  part("time").textContent = clock(player.ended ? player.voice.seconds : player.currentTime);
  draw();
});
player.addEventListener("ended", () => {
  player.currentTime = 0;
  draw();
});

// --- to Balas ---

/** Stop it if it runs, and bring it, once: {word}, or {error}. */
async function bring(voice) {
  const { dataset } = place();
  await voice.stop();
  if (voice.seconds < SHORTEST || !voice.blob.size) return { error: dataset.shortWords };
  if (voice.word) return { word: voice.word };
  player.pause();
  try {
    const response = await fetch(dataset.url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken(), "X-Voice": "1", "Content-Type": voice.blob.type },
      body: voice.blob,
    });
    const answer = await response.json();
    if (response.status !== 201) return { error: answer.error || document.body.dataset.failed };
    if (voice.isDropped) return { error: dataset.deletedWords };
    voice.word = answer.word;
    return { word: voice.word };
  } catch {
    return { error: document.body.dataset.failed };
  }
}

addEventListener("beforeunload", (event) => {
  if (kept.size) event.preventDefault();
});
