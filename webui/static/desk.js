// What is done with a conversation: forms go out without a reload, errors come back beside their fields.

import { find, findAll, parse, post } from "./dom.js";
import * as shown from "./shown.js";

const body = document.body;
const done = [];

/** Call back after every form that was carried out. */
export const afterwards = (action) => done.push(action);

/** Show only what is meant for this admin; fragments are the same for all. */
export function personal(root = document) {
  for (const place of findAll("[data-not-admin]", root)) place.hidden = place.dataset.notAdmin === body.dataset.admin;
  for (const place of findAll("[data-only-admin]", root)) place.hidden = place.dataset.onlyAdmin !== body.dataset.admin;
  for (const place of findAll("[data-claim-of]", root)) place.hidden = place.dataset.claimOf === body.dataset.admin;
}

const placeOf = (field) =>
  [field.form?.getAttribute("action"), find('input[type="hidden"][name="name"]', field.form)?.value, field.name].join(" ");

/** Put a newer version in a fragment's place; open menus, typed words and the focus stay. */
export function swap(old, html) {
  const fresh = typeof html === "string" ? parse(html) : html;
  for (const menu of findAll("details[data-menu][open]", old)) {
    const again = find(`details[data-menu="${menu.dataset.menu}"]`, fresh);
    if (again) again.open = true;
  }
  const typed = new Map();
  for (const field of findAll("input:not([type=hidden]), textarea", old)) {
    if (field.form && field.value !== field.defaultValue) typed.set(placeOf(field), field.value);
  }
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const focused = active?.name && active.form ? placeOf(active) : null;
  const action = active?.dataset.action;
  const selection = focused && active.selectionStart !== undefined ? [active.selectionStart, active.selectionEnd] : null;
  old.replaceWith(fresh);
  for (const field of findAll("input:not([type=hidden]), textarea, button", fresh)) {
    if (!field.form) continue;
    const place = placeOf(field);
    if (field.type !== "submit" && typed.has(place)) field.value = typed.get(place);
    if (focused === place) {
      field.focus({ preventScroll: true });
      if (selection && field.setSelectionRange) field.setSelectionRange(...selection);
    }
  }
  if (active && !focused && action) find(`[data-action="${action}"]`, fresh)?.focus({ preventScroll: true });
  personal(fresh);
  return fresh;
}

const UNDO_LASTS = 8000; // ms, as the server counts

/** Resolved, with a button that takes it back for a while; whoever pressed a key has it under his fingers. */
function offerUndo(html, hadFocus) {
  const place = parse(html);
  find("[data-toasts]").append(place);
  // unless he has begun to write somewhere else meanwhile
  if (hadFocus && !document.activeElement.matches("textarea, input")) find("button", place).focus();
  setTimeout(() => {
    const focused = place.contains(document.activeElement);
    place.remove();
    if (focused) find("#pane").focus({ preventScroll: true });
  }, UNDO_LASTS);
}

/** What has to be decided before something is done; the harmless choice has the focus. */
function ask(html) {
  const place = find("[data-question-place]");
  if (!place) return;
  place.replaceChildren(parse(html));
  find('[data-action="close-question"]', place).focus();
}

export function closeQuestion() {
  const question = find("[data-question]");
  if (!question) return;
  const focused = question.contains(document.activeElement);
  question.remove();
  if (focused) (find('[data-action="resolve"]') || find("#pane")).focus();
}

/** A short word at the edge of the page that goes by itself. */
export function toast(words, link) {
  const place = document.createElement("div");
  place.className = "toast";
  place.dataset.toast = "";
  place.setAttribute("role", "status");
  const text = document.createElement("p");
  text.textContent = words;
  place.append(text);
  if (link) place.append(link);
  find("[data-toasts]").append(place);
  setTimeout(() => place.remove(), 8000);
}

function showErrors(form, errors) {
  for (const place of findAll("[data-error]", form)) {
    const words = errors[place.dataset.error] || "";
    place.textContent = words;
    place.hidden = !words;
    const field = form.elements[place.dataset.error];
    if (field instanceof Element) field.toggleAttribute("aria-invalid", Boolean(words));
  }
  const wrong = find("[aria-invalid]", form);
  if (wrong) wrong.focus();
}

async function submit(event) {
  const form = event.target.closest("form[data-desk]");
  if (!form) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  form.setAttribute("aria-busy", "true");
  const hadFocus = form.contains(document.activeElement);
  try {
    const { status, data } = await post(form.getAttribute("action"), shown.tell(new FormData(form, event.submitter)));
    settle(form, status, data, hadFocus);
  } catch {
    toast(body.dataset.lost);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function settle(form, status, data, hadFocus) {
  if (status === 422 && data.error) toast(data.error);
  if (status === 422) return showErrors(form, data.errors || {});
  if (data.ask) return ask(data.ask);
  showErrors(form, {});
  if (form.elements.shown) shown.more(data.more || "");
  if (status === 409 && !data.more) toast(body.dataset.conflict);
  else if (data.undo) offerUndo(data.undo, hadFocus);
  else if (status !== 204 && !data.more) return toast(data.error || body.dataset.lost);
  closeQuestion();
  form.closest("[data-toast]")?.remove();
  const menu = form.closest("details.menu");
  if (menu) {
    if (menu.contains(document.activeElement)) find("summary", menu).focus();
    menu.open = false;
  }
  for (const field of findAll("input, textarea", form)) {
    if (status === 204 && field.type !== "hidden") {
      if (form.hasAttribute("data-clear") || menu) field.value = field.defaultValue = "";
      else field.defaultValue = field.value;
    }
  }
  for (const action of done) action(form);
}

document.addEventListener("submit", submit);
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-save-on-change]")) event.target.form.requestSubmit();
});
document.addEventListener("click", (event) => {
  if (event.target.closest('[data-action="close-question"]')) {
    event.preventDefault();
    closeQuestion();
  }
  // one menu at a time, and none when one goes on elsewhere
  for (const menu of findAll("details.menu[open], details.account[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  closeQuestion();
  const menu = find("details.menu[open], details.account[open]");
  if (!menu) return;
  event.stopImmediatePropagation();
  menu.open = false;
  find("summary", menu).focus();
});
