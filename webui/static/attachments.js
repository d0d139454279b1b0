// Files in the reply field: brought to Balas as soon as they are chosen, and named by the reply when it leaves.

import { csrfToken, find, findAll, parse } from "./dom.js";
import * as drafts from "./drafts.js";

const list = () => find("[data-attachments]");
const conversation = () => list().dataset.conversation;
let line = Promise.resolve();

/** After a thread has been put on the page. */
export function begin() {
  if (!list()) return;
  const input = find("[data-upload]");
  input.hidden = true;
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  const button = find('[data-action="attach"]');
  button.hidden = false;
  button.addEventListener("click", () => {
    const menu = button.closest("details.menu");
    if (menu) menu.open = false;
    input.click();
  });
  if (!findAll("li", list()).length) for (const file of drafts.files(conversation())) add(file);
  for (const item of findAll("li", list())) makeRemovable(item);
  look();
}

/** What the reply names. */
export const words = () =>
  findAll('[name="files"]', list())
    .map((box) => box.value)
    .filter(Boolean);

export const isBusy = () => Boolean(list() && find("[data-bringing]", list()));

/** They have left with the reply. */
export function clear() {
  if (!list()) return;
  list().replaceChildren();
  keep();
  look();
}

function look() {
  list().hidden = !list().children.length;
}

function keep() {
  const files = findAll("li", list()).filter((item) => find('[name="files"]', item).value);
  drafts.keepFiles(
    conversation(),
    files.map((item) => ({ word: find('[name="files"]', item).value, ...item.dataset })),
  );
}

/** A file that Balas has already: a quick reply brings it. */
export function attach(file) {
  // new words for old ones take no file along
  if (!list() || "editing" in find("#composer").dataset || words().includes(file.word)) return;
  const item = add(file);
  makeRemovable(item);
  if (file.kind === "image") show(find("img", item), file.url);
  keep();
  look();
}

function add({ word, name, size, kind }) {
  const item = parse(find("[data-attachment-template]").innerHTML);
  find('[name="files"]', item).value = word || "";
  Object.assign(item.dataset, { name, size, kind });
  find("[data-name]", item).textContent = name;
  find("[data-size]", item).textContent = size;
  list().append(item);
  return item;
}

function makeRemovable(item) {
  const button = find('[data-action="remove-file"]', item);
  button.hidden = false;
  button.setAttribute("aria-label", button.dataset.words.replace("{name}", item.dataset.name));
  button.addEventListener("click", () => {
    item.request?.abort();
    item.remove();
    keep();
    look();
    find("#reply").focus({ preventScroll: true });
  });
}

/** Files that were chosen, dropped or pasted. */
export function take(files) {
  if (!list()) return;
  for (const file of files) {
    const item = add({ name: file.name || "file", size: "", kind: "" });
    item.dataset.bringing = "";
    makeRemovable(item);
    if (file.type.startsWith("image/") && file.type !== "image/svg+xml") preview(item, file);
    // one after the other: a slow line brings the first one sooner
    line = line.then(() => item.isConnected && bring(item, file));
  }
  look();
}

function show(image, url) {
  image.src = url;
  image.hidden = false;
}

function preview(item, file) {
  const image = find("img", item);
  show(image, URL.createObjectURL(file));
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
}

// bytes; smaller ones are here sooner than an answer
const SMALL = 500_000;

/** What there is to say against a file before it sets out; null if it may. */
async function refused(url, file) {
  if (file.size < SMALL) return null;
  const response = await fetch(`${url}/room?size=${file.size}`, { headers: { Accept: "application/json" } }).catch(() => null);
  return response?.status === 422 ? response.json() : null;
}

async function bring(item, file) {
  const url = list().dataset.url;
  const refusal = await refused(url, file);
  if (refusal) return settle(item, file, 422, refusal);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    item.request = request;
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name || "file"));
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.responseType = "json";
    const bar = find("progress", item);
    bar.hidden = false;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.addEventListener("loadend", () => {
      bar.hidden = true;
      if (item.isConnected) settle(item, file, request.status, request.response || {});
      done();
    });
    request.send(file);
  });
}

function settle(item, file, status, answer) {
  delete item.dataset.bringing;
  const error = find("[data-file-error]", item);
  error.textContent = "";
  if (status === 201) {
    find('[name="files"]', item).value = answer.word;
    Object.assign(item.dataset, { name: answer.name, size: answer.size, kind: answer.kind });
    find("[data-size]", item).textContent = answer.size;
    keep();
    return;
  }
  error.textContent = answer.error || document.body.dataset.failed;
  const again = find('[data-action="bring-again"]', item);
  again.hidden = status === 413 || status === 422;
  again.onclick = () => {
    again.hidden = true;
    item.dataset.bringing = "";
    error.textContent = "";
    line = line.then(() => item.isConnected && bring(item, file));
  };
}

const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
const canTake = () => list() && find("#composer").dataset.mode === "reply";

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  // or the browser would leave the page for the file
  event.preventDefault();
  find(".thread")?.toggleAttribute("data-drop", Boolean(canTake()));
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) find(".thread")?.removeAttribute("data-drop");
});
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  find(".thread")?.removeAttribute("data-drop");
  if (canTake()) take([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  if (!files.length || !canTake() || event.target.id !== "reply") return;
  event.preventDefault();
  take(files);
});
