// The panel beside a thread: fetched when it is opened, kept true while it is.

import { afterwards, swap } from "./desk.js";
import { fetchPage, find } from "./dom.js";

const body = document.body;
const panel = () => find("[data-details]");
const isWide = () => matchMedia("(min-width: 1200px)").matches;
const wanted = () => localStorage.getItem("details") === "open";
let timer = null;

/** After a thread has been put on the page. */
export function begin() {
  body.classList.toggle("has-details", Boolean(panel()));
  tell();
  if (!panel() && body.dataset.open && isWide() && wanted()) load();
}

function tell() {
  find('[data-action="details"]')?.setAttribute("aria-expanded", String(Boolean(panel())));
}

async function load() {
  const open = body.dataset.open;
  const page = await fetchPage(`/c/${open}/details`).catch(() => null);
  const fresh = page && find("[data-details]", page);
  if (!fresh || open !== body.dataset.open) return null;
  if (panel()) swap(panel(), fresh);
  else find("#pane").append(fresh);
  body.classList.add("has-details");
  tell();
  return panel();
}

export async function toggle() {
  if (panel()) return close();
  localStorage.setItem("details", "open");
  const shown = await load();
  if (shown) find('[data-action="close-details"]', shown).focus();
}

export function close() {
  localStorage.setItem("details", "closed");
  panel()?.remove();
  body.classList.remove("has-details");
  tell();
  find('[data-action="details"]')?.focus();
}

/** Something about the conversation has changed. */
export function refresh() {
  if (!panel()) return;
  clearTimeout(timer);
  timer = setTimeout(() => panel() && load(), 150);
}

afterwards((form) => form.closest("[data-details]") && refresh());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel()?.contains(document.activeElement)) close();
});
