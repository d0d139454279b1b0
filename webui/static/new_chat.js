// New chat: says that WhatsApp is being asked while the page waits for the answer; works without any of this.

import { find } from "./dom.js";

const form = find(".new-chat");
const asking = find("[data-asking]", form);

form.addEventListener("submit", (event) => {
  if (form.hasAttribute("data-sent")) return event.preventDefault();
  form.setAttribute("data-sent", "");
  if (asking) asking.hidden = false;
});

// back from the answer by the browser's button
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  form.removeAttribute("data-sent");
  if (asking && !asking.dataset.again) asking.hidden = true;
});

// the page that comes waits for the answer by itself
if (asking?.dataset.again) setTimeout(() => location.replace(asking.dataset.again), 500);
