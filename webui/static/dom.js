// Small helpers that every page uses.

export const find = (selector, root = document) => root.querySelector(selector);
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

/** The first element of a fragment that our own server rendered. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  // a template's inside has no address of its own: links would not know where they lead
  return document.adoptNode(template.content.firstElementChild);
}

export const csrfToken = () => find('meta[name="csrf-token"]').content;

/** A page of ours as a document; a login page instead means that the login has ended. */
export async function fetchPage(url, headers = {}) {
  const response = await fetch(url, { headers: { Accept: "text/html", ...headers } });
  if (new URL(response.url).pathname === "/login") {
    location.reload();
    return null;
  }
  if (!response.ok) throw new Error("page");
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const [ours, theirs] = [document, page].map((one) => one.documentElement.dataset.account);
  // of another number: its list, its menu and its websocket come with a page of its own
  if (ours && theirs && ours !== theirs) {
    location.assign(response.url + new URL(url, location.href).hash);
    return null;
  }
  return page;
}

/** POST a form's fields; resolves to {status, data}, data being {} for an empty answer. */
export async function post(url, fields) {
  const response = await fetch(url, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: new URLSearchParams(fields),
  });
  if (response.redirected || response.status === 401) location.reload();
  const text = await response.text();
  let data = {};
  try {
    data = text ? JSON.parse(text) : {};
  } catch {
    data = {};
  }
  return { status: response.status, data };
}

/** A message's words as they were written, whatever is drawn of them. */
export function wordsOf(message) {
  const place = find("[data-text]", message);
  return place ? (place.dataset.raw ?? place.textContent) : "";
}

export const isTouch = () => matchMedia("(pointer: coarse)").matches;

/** The switcher follows every number: its name, the dot of its link, and how many customers wait. */
export function showNumbers(message) {
  for (const one of message.numbers) {
    const link = find(`[data-number="${one.id}"]`);
    if (!link) continue;
    link.dataset.tone = one.tone;
    link.title = one.phone ? `${one.title} · ${one.phone}` : one.title;
    find(".number-name", link).textContent = one.name;
    find("[data-number-title]", link).textContent = one.title;
    const waiting = find("[data-number-waiting]", link);
    waiting.textContent = one.waiting;
    waiting.hidden = !one.waiting;
  }
}

/** Put a server-rendered banner where banners go; the menu's dot follows it. */
export function showBanner(message) {
  const place = find("[data-banner-place]");
  if (place) place.innerHTML = message.html;
  const banner = place && find("[data-banner]", place);
  const menu = find("[data-link-state]");
  if (menu) {
    menu.dataset.linkState = message.state;
    menu.dataset.tone = banner ? banner.dataset.tone : "good";
  }
}

document.addEventListener("click", (event) => {
  if (!event.target.closest('[data-action="dismiss"]')) return;
  event.target.closest("[data-toast]").remove();
  document.dispatchEvent(new Event("toasts"));
});

// the number that is shown, in a line of them that is wider than a phone
find(".numbers [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
