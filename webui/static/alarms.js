// What must not be overlooked: customers who wait too long, notes that name this admin, who is here.

import { toast } from "./desk.js";
import { find, findAll, parse } from "./dom.js";

const changed = () => document.dispatchEvent(new Event("toasts"));
const alarmOf = (id) => find(`[data-toast][data-alarm="${id}"]`);

/** A customer has been waiting too long; the word stays until somebody has looked. */
export function ring(id, html) {
  if (String(id) === document.body.dataset.open && document.visibilityState === "visible") return;
  alarmOf(id)?.remove();
  find("[data-toasts]").append(parse(html));
  changed();
}

/** The row says whether the alarm still holds. */
export function follow(id, html) {
  if (!alarmOf(id) || parse(html).hasAttribute("data-alarmed")) return;
  alarmOf(id).remove();
  changed();
}

/** Somebody looks at a conversation. */
export function opened(id) {
  if (!id || !alarmOf(id)) return;
  alarmOf(id).remove();
  changed();
}

/** New notes that name this admin, by their conversations. */
export function named(ids) {
  for (const id of ids) {
    const link = document.createElement("a");
    const row = find(`.row[data-conversation="${id}"]`);
    link.href = `/c/${id}`;
    link.className = "button secondary";
    link.dataset.openThread = "";
    link.textContent = (row && find(".row-who", row).textContent) || "→";
    toast(document.body.dataset.mentioned, link);
  }
}

/** Who is here: the team's list, and the places in the menu to hand over. */
export function showTeam(html) {
  const team = parse(html);
  find("[data-team]")?.replaceWith(team);
  for (const one of findAll("[data-colleague]", team)) {
    const place = find(`.people [data-colleague="${one.dataset.colleague}"] .place`);
    if (!place) continue;
    place.dataset.place = one.dataset.place;
    place.textContent = one.dataset.label;
  }
}
