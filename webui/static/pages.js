// Pages beside the inbox: the banner and the team stay true; forms work without any of this.

import { fetchPage, find, findAll, showBanner, showNumbers } from "./dom.js";
import "./drafts.js";
import * as handovers from "./handovers.js";
import { Live } from "./live.js";

let asked = null;

/** Read the parts of this page that change by themselves again; what is being typed is never among them. */
function refresh() {
  asked ??= new Promise((done) => setTimeout(done, 300 + Math.random() * 300)).then(reread);
  return asked;
}

async function reread() {
  asked = null;
  try {
    const page = await fetchPage(location.href, { "X-Peek": "1" });
    if (!page) return;
    for (const part of findAll("[data-live-part]")) {
      const fresh = page.getElementById(part.id);
      const used = part.contains(document.activeElement) || find("details[open]", part);
      if (fresh && !used) part.innerHTML = fresh.innerHTML;
    }
    const banner = find("[data-banner-place]", page);
    if (banner) find("[data-banner-place]").innerHTML = banner.innerHTML;
    live.cursor = Number(page.body.dataset.cursor);
  } catch {
    // the next attempt of the websocket asks again
  }
}

const live = new Live(Number(document.body.dataset.cursor), {
  banner: showBanner,
  numbers: showNumbers,
  given: handovers.show,
  presence: () => find("[data-live-part]") && refresh(),
  resync: refresh,
  lost: refresh,
});
live.tell({ open: null, box: null, page: document.body.dataset.page });

// something is on its way: look again until it has arrived
setInterval(() => find("[data-awaited]") && refresh(), 1200);

// the chosen page of a row that is wider than a phone
find(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// "Same hours every day as on Monday"
const copy = find('[data-action="copy-day"]');
if (copy) {
  copy.hidden = false;
  copy.addEventListener("click", () => {
    const days = findAll('.week input[name^="day"]');
    for (const day of days.slice(1)) day.value = days[0].value;
  });
}

// a link that is shown once
for (const button of findAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(find(button.dataset.copy).value);
    button.textContent = button.dataset.done;
  });
}

for (const form of findAll("form[data-sure]")) {
  form.addEventListener("submit", (event) => confirm(form.dataset.sure) || event.preventDefault());
}
