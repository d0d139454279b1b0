// The link page: state, codes and countdown as they change; what is being typed stays.

import { csrfToken, fetchPage, find, findAll, showBanner, showNumbers } from "./dom.js";
import "./drafts.js";
import * as handovers from "./handovers.js";
import { Live } from "./live.js";

const panel = () => find("#link-panel");

function show(html) {
  const typed = find('[name="phone"]');
  const kept = typed && { text: typed.value, focused: document.activeElement === typed, open: typed.closest("details").open };
  panel().innerHTML = html;
  for (const field of findAll('input[name="csrf_token"]')) field.value = csrfToken();
  const fresh = find('[name="phone"]');
  if (kept && fresh) {
    fresh.value = kept.text;
    fresh.closest("details").open = kept.open;
    if (kept.focused) fresh.focus();
  }
  count();
}

function count() {
  for (const place of findAll("[data-countdown]")) {
    const seconds = Math.max(0, Math.round((Date.parse(place.dataset.countdown) - Date.now()) / 1000));
    place.textContent = document.body.dataset.seconds.replace("{n}", seconds);
  }
}

let resyncing = false;

async function resync() {
  if (resyncing) return;
  resyncing = true;
  try {
    const page = await fetchPage(location.href);
    if (page) {
      show(find("#link-panel", page).innerHTML);
      live.cursor = Number(page.body.dataset.cursor);
    }
  } catch {
    // the next attempt of the websocket asks again
  } finally {
    setTimeout(() => (resyncing = false), 2000);
  }
}

const live = new Live(Number(document.body.dataset.cursor), {
  link: (message) => show(message.html),
  banner: showBanner,
  numbers: showNumbers,
  given: handovers.show,
  resync,
  lost: resync,
});
live.tell({ open: null, box: null, page: "link" });
setInterval(count, 1000);
count();
