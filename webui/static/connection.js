// Whether Balas can be reached: a bar while it can't, and until then nothing leads away from the page.

import { find } from "./dom.js";

const PATIENCE = 3000; // ms without a websocket until it is said
const PROBE = 4000; // ms within which a server that is there answers
const FRESH = 2000; // ms for which what was heard last proves that it is there
let heardAt = 0;
let timer = null;
let passing = null;

const place = () => find("[data-connection]");
const bar = () => find("[data-connection-bar]", place() || document.createElement("div"));

/** The websocket is not there (yet). */
export function lost() {
  if (!timer && !bar()) timer = setTimeout(show, PATIENCE);
}

/** The server has said something. */
export function heard() {
  heardAt = Date.now();
}

/** The websocket is there, and the page shows all that happened meanwhile. */
export function back() {
  clearTimeout(timer);
  timer = null;
  bar()?.remove();
}

function show() {
  timer = null;
  if (!place() || bar()) return;
  place().append(find("[data-connection-template]").content.cloneNode(true));
}

/** Something was asked for that only the server can give: say so where it is overlooked by nobody. */
export function refuse() {
  clearTimeout(timer);
  show();
  if (!bar()) return;
  bar().dataset.tone = "bad";
  find("[data-connection-refused]", bar()).hidden = false;
}

/** Whether the server answers. */
export async function isReachable() {
  try {
    const response = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PROBE) });
    return response.ok;
  } catch {
    return false;
  }
}

/** Go to another page, if there is anybody who could give it. */
export async function leaveFor(url) {
  if (await isReachable()) location.assign(url);
  else refuse();
}

// a line that dies silently leaves the websocket as it was
const isDoubtful = () => {
  const live = document.documentElement.dataset.live;
  return live === "off" || Boolean(bar()) || (live === "on" && Date.now() - heardAt > FRESH);
};
const isSamePage = (link) => link.hash && link.pathname === location.pathname && link.search === location.search;

// on the window: what a page's own scripts have taken care of has been prevented by then
addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || !isDoubtful()) return;
  // another tab or a file: this page stays
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || isSamePage(link)) return;
  event.preventDefault();
  if (link.target !== "_blank") leaveFor(link.href);
  else if (await isReachable()) open(link.href, "_blank", "noopener");
  else refuse();
});

addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || form === passing || !isDoubtful()) return;
  event.preventDefault();
  if (!(await isReachable())) return refuse();
  passing = form;
  form.requestSubmit(event.submitter);
  passing = null;
});
