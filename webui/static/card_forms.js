// A place, a contact, a poll or a sticker: its form in a dialog over the thread.

import * as attachments from "./attachments.js";
import { prepare, preview } from "./card_fields.js";
import * as claims from "./claims.js";
import * as composer from "./composer.js";
import { csrfToken, fetchPage, find, findAll, isTouch, parse } from "./dom.js";
import * as shown from "./shown.js";

const dialog = () => find("[data-card-dialog]");
let opener = null;

/** After a thread has been put on the page. */
export function begin() {
  close();
  const camera = find("[data-camera]");
  const button = camera && find('[data-action="camera"]');
  if (!button) return;
  button.hidden = !isTouch();
  button.addEventListener("click", () => camera.click());
  camera.addEventListener("change", () => {
    attachments.take([...camera.files]);
    camera.value = "";
  });
}

async function open(link) {
  opener = link.closest("details.menu")?.querySelector("summary") || link;
  const menu = link.closest("details.menu");
  if (menu) menu.open = false;
  const page = await fetchPage(link.href).catch(() => null);
  const form = page && find("[data-card-form]", page);
  // the thread was left, or resolved, meanwhile
  if (!form || !find("#composer")) return location.assign(link.href);
  close();
  const box = document.createElement("dialog");
  box.className = "card-dialog";
  box.dataset.cardDialog = "";
  const title = document.createElement("h2");
  title.id = "card-dialog-title";
  title.textContent = form.dataset.title;
  box.setAttribute("aria-labelledby", title.id);
  box.append(title, document.adoptNode(form));
  find("#pane").append(box);
  box.addEventListener("close", close);
  prepare(form);
  box.showModal();
  find("input:not([type=hidden]):not([type=radio])", form)?.focus();
}

function close() {
  const box = dialog();
  if (!box) return;
  box.remove();
  claims.stopped();
  opener?.focus({ preventScroll: true });
  opener = null;
}

async function submit(form, submitter) {
  if (form.hasAttribute("aria-busy")) return;
  const thread = find("#composer");
  const fields = new FormData(form, submitter);
  // what the page knows now, not what it knew when the form was opened
  shown.tell(fields);
  if (thread) {
    fields.set("turn_id", thread.turn_id.value);
    fields.set("quoted", thread.quoted.value);
  }
  form.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: fields,
    });
    if (response.redirected || response.status === 401) return location.reload();
    const answer = await response.json().catch(() => ({}));
    if (response.status === 201) settle(form, fields, answer);
    else again(form, answer);
  } catch {
    again(form, {});
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function settle(form, fields, answer) {
  if (!form.isConnected) return;
  close();
  composer.answered(answer, fields.get("turn_id"));
}

/** The form as the server has it, with what is wrong; a file that was chosen can't be put into it again. */
function again(form, answer) {
  if (!form.isConnected) return;
  if (!answer.form) {
    const place = find("[data-lost]", form) || form.insertBefore(document.createElement("p"), form.firstChild);
    place.className = "field-error";
    place.dataset.lost = "";
    place.setAttribute("role", "alert");
    place.textContent = document.body.dataset.lost;
    return;
  }
  const fresh = parse(answer.form);
  const chosen = find("[data-picture]", form);
  const files = find("[data-picture]", fresh);
  if (chosen && files) files.files = chosen.files;
  form.replaceWith(fresh);
  prepare(fresh);
  if (files?.files[0]) preview(fresh, files.files[0]);
  const wrong = find("[aria-invalid]", fresh);
  const empty = wrong?.matches("fieldset") && (findAll("input:not([hidden])", wrong).find((field) => !field.value) || find("input", wrong));
  (empty || wrong || find("button", fresh)).focus();
  if (find("[data-more-came]", fresh)) document.dispatchEvent(new Event("more"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  const action = button?.dataset.action;
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (action === "open-card" && plain && find("#composer")) {
    event.preventDefault();
    open(button);
  } else if (dialog()?.contains(event.target) && plain && (action === "close-card" || event.target === dialog())) {
    event.preventDefault();
    close();
  }
});

document.addEventListener("input", (event) => {
  if (dialog()?.contains(event.target)) claims.typed(Number(find("#composer").dataset.conversation));
});

document.addEventListener("submit", (event) => {
  if (!dialog()?.contains(event.target)) return;
  event.preventDefault();
  submit(event.target, event.submitter);
});
