// The reply: a draft that is never lost, one request one reply, and a word when somebody was faster.

import * as attachments from "./attachments.js";
import * as claims from "./claims.js";
import { find, findAll, isTouch, post } from "./dom.js";
import * as emojiPicker from "./emoji_picker.js";
import * as drafts from "./drafts.js";
import * as recorder from "./recorder.js";
import * as shown from "./shown.js";
import * as suggestions from "./suggestions.js";
import { placeBubble, toEnd } from "./thread.js";

let busy = false;
let heldBack = null;
let wanted = null;
// {mode, text}: what stood in the field before an edit, or a quotation in the middle of a note, began
let putAside = null;

const composer = () => find("#composer");
const field = () => find("#reply");

/** After a thread has been put on the page. */
export function begin() {
  emojiPicker.begin();
  const form = composer();
  if (!form) {
    recorder.begin();
    return showKept();
  }
  busy = false;
  heldBack = null;
  wanted = null;
  putAside = null;
  const kept = !field().value && drafts.read(form.dataset.conversation);
  if (kept) {
    field().value = kept.text;
    choose(kept.mode);
  }
  attachments.begin();
  recorder.begin();
  // the field of the files has made room by now
  grow();
  form.addEventListener("submit", submit);
  field().addEventListener("input", () => {
    keepDraft();
    grow();
    showError("");
    // what it says is about the text that was there
    if (!field().value) find("[data-answered-before]", form)?.remove();
    tellTyping();
    suggestions.look();
  });
  field().addEventListener("keydown", (event) => {
    if (suggestions.takes(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || isTouch()) return;
    event.preventDefault();
    form.requestSubmit();
  });
  find('[data-action="quick"]', form).hidden = false;
  for (const choice of findAll('[name="mode"]', form)) choice.addEventListener("change", () => switchMode(choice.value));
  if (!isTouch()) field().focus({ preventScroll: true });
}

const isEdit = () => Boolean(composer().edits.value);

function showAbout(words, text) {
  const place = find("[data-draft-about]");
  place.hidden = !words;
  find("[data-draft-about-words]", place).textContent = words;
  find("[data-draft-about-text]", place).textContent = text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

/** Make room for other words; what is in the field comes back as what it was, a note as a note. */
function putDraftAside() {
  putAside = { mode: composer().dataset.mode, text: field().value };
  choose("reply");
}

/** The reply that is written is about this message. */
export function quote(messageId, text) {
  if (!composer()) return;
  dropAbout();
  if (isNote()) {
    putDraftAside();
    field().value = "";
    grow();
  }
  composer().quoted.value = messageId;
  showAbout(find("[data-draft-about]").dataset.quoteWords, text);
  field().focus();
}

/** New words for a message; the draft that is in the field waits. */
export function edit(messageId, text) {
  if (!composer()) return;
  dropAbout();
  putDraftAside();
  composer().edits.value = messageId;
  composer().toggleAttribute("data-editing", true);
  showAbout(find("[data-draft-about]").dataset.editWords, text);
  field().value = text;
  grow();
  field().focus();
}

export function dropAbout() {
  const form = composer();
  if (!form) return;
  form.edits.value = form.quoted.value = "";
  form.toggleAttribute("data-editing", false);
  showAbout("", "");
  if (!putAside) return;
  const { mode, text } = putAside;
  putAside = null;
  choose(mode);
  field().value = text;
  grow();
  showError("");
}

// words, or a voice that was recorded
const isAnswering = () => Boolean(field().value.trim() || recorder.current());
const isNote = () => composer().dataset.mode === "note";

/** A reply goes to the customer, a note stays with the team. */
function setMode(mode) {
  const form = composer();
  form.dataset.mode = mode;
  field().placeholder = mode === "note" ? form.dataset.noteWords : form.dataset.replyWords;
}

function choose(mode) {
  find(`[name="mode"][value="${mode}"]`, composer()).checked = true;
  setMode(mode);
}

function switchMode(mode) {
  // the note that was put aside is the one that is meant
  if (putAside) dropAbout();
  choose(mode);
  keepDraft();
  suggestions.close();
  tellTyping();
  field().focus({ preventScroll: true });
}

function tellTyping() {
  // new words for old ones answer nobody
  if (field().value.trim() && !isNote() && !isEdit()) claims.typed(Number(composer().dataset.conversation));
  else claims.stopped();
}

function keepDraft() {
  // what was put aside stays kept
  if (putAside) return;
  drafts.keep(composer().dataset.conversation, composer().dataset.mode, field().value);
}

function grow() {
  const area = field();
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight + 2, innerHeight * 0.4)}px`;
}

function showError(text) {
  const place = find("[data-reply-error]");
  place.textContent = text;
  place.hidden = !text;
  field().toggleAttribute("aria-invalid", Boolean(text));
}

function showNotice(html) {
  find("[data-notice]").innerHTML = html;
}

async function submit(event) {
  event.preventDefault();
  if (busy) {
    // "send as a follow-up" and "take over and send" are carried out after what is under way
    wanted = event.submitter?.name || wanted;
    return;
  }
  const form = composer();
  const fields = Object.fromEntries(shown.tell(new FormData(form, event.submitter)));
  delete fields.upload;
  delete fields.files;
  // what was recorded leaves by itself: words and files in the field stay there
  const voice = recorder.current();
  if (voice) Object.assign(fields, { text: "", request_key: voice.key });
  else if (!isNote() && !isEdit()) {
    if (attachments.isBusy()) return showError(find("[data-attachments]").dataset.busyWords);
    const files = attachments.words();
    if (files.length) fields.files = files.join(" ");
  }
  let status = 0;
  busy = true;
  form.setAttribute("aria-busy", "true");
  field().readOnly = true;
  try {
    if (voice) {
      const { word, error } = await voice.bring();
      if (error) return form.isConnected && showError(error);
      fields.files = word;
    }
    const answer = await post(form.action, fields);
    status = answer.status;
    if (status === 201 && voice) recorder.sent(voice.key);
    else if (status === 201) drafts.accepted(form.dataset.conversation, fields.mode, fields.text);
    if (form.isConnected) settle(status, answer.data, fields, voice);
    else if (status === 201 && !voice) leftBehind(form.dataset.conversation, fields);
  } catch {
    if (form.isConnected) showError(document.body.dataset.failed);
  } finally {
    if (form.isConnected) goOn(form, status === 201);
  }
}

/** What has waited for a request to end. */
function goOn(form, isSent) {
  busy = false;
  form.removeAttribute("aria-busy");
  field().readOnly = false;
  if (heldBack) adoptTurn(heldBack);
  heldBack = null;
  const button = wanted && !isSent && find(`button[name="${wanted}"]`, form);
  wanted = null;
  if (button) form.requestSubmit(button);
}

/** Sent while another thread was in front; its own may be there again, with the draft in its field. */
function leftBehind(conversation, fields) {
  const form = composer();
  if (form?.dataset.conversation !== conversation || form.dataset.mode !== fields.mode) return;
  if (field().value === fields.text) empty();
}

function empty() {
  field().value = "";
  keepDraft();
  grow();
}

function settle(status, data, fields, voice) {
  if (fields.edits && status === 204) {
    dropAbout();
    return;
  }
  if (status !== 201) {
    showNotice(data.notice || "");
    claims.show(data.claim || "");
    shown.more(data.more || "");
    showError(data.error || (data.notice || data.claim || data.more ? "" : document.body.dataset.failed));
    return;
  }
  if (voice) {
    answered(data, fields.turn_id);
    field().focus({ preventScroll: true });
    return;
  }
  const form = composer();
  placeBubble(data.bubble);
  toEnd();
  empty();
  showError("");
  dropAbout();
  form.request_key.value = data.request_key;
  claims.stopped();
  field().focus({ preventScroll: true });
  // a note answers nobody
  if (fields.mode === "note") return;
  attachments.clear();
  showNotice("");
  claims.show("");
  shown.more(data.more || "");
  if (form.turn_id.value === fields.turn_id) form.turn_id.value = data.turn_id;
}

/** Something besides words was sent as an answer: what stands in the field stays there. */
export function answered(data, turn) {
  const form = composer();
  placeBubble(data.bubble);
  toEnd();
  if (!form) return;
  if (!isEdit()) dropAbout();
  claims.stopped();
  showNotice("");
  claims.show("");
  shown.more(data.more || "");
  if (form.turn_id.value === turn) form.turn_id.value = data.turn_id;
}

/** What the server says about the open turn: taken over at once, unless somebody is in mid-sentence. */
export function adoptTurn(message) {
  const form = composer();
  if (!form) return;
  if (busy) {
    heldBack = message;
    return;
  }
  const seen = form.turn_id.value;
  const open = message.turn_id === null ? "" : String(message.turn_id);
  if (open) {
    // the text answers what waits now; that somebody answered the question before it stays as one line
    const overtaken = seen && seen !== open && isAnswering();
    form.turn_id.value = open;
    if (overtaken) showNotice(message.before || "");
    else if (find("[data-answered]", form) || seen !== open) showNotice("");
  } else if (!isAnswering()) {
    form.turn_id.value = "";
    showNotice("");
  } else if (seen && !find("[data-answered]", form)) {
    showNotice(message.notice);
  }
}

/** Somebody resolved the conversation; whether there is a text that must not go with the field. */
export function resolved(notice) {
  const form = composer();
  if (!form || !isAnswering()) return false;
  if (!find("[data-resolved]", form)) showNotice(notice);
  claims.show("");
  return true;
}

/** It is open (again). */
export const reopened = () => find("#composer [data-resolved]")?.remove();

/** A resolved conversation has no field, but perhaps a text that was kept. */
function showKept() {
  const closed = find("[data-closed]");
  const kept = closed && drafts.read(closed.dataset.conversation);
  if (!kept) return;
  find("[data-kept-text]", closed).textContent = kept.text;
  find("[data-kept]", closed).hidden = false;
}

export function showOffline(canSend) {
  const note = find("[data-offline-note]");
  if (note) note.hidden = canSend;
}

/** Put the words of a reply that was not sent back into the field. */
export function writeAgain(text) {
  field().value = field().value ? `${field().value}\n${text}` : text;
  keepDraft();
  grow();
  field().focus();
}
