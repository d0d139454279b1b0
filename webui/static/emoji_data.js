// The emoji that there are, with their names; fetched from Balas once, when somebody wants one.

const URL_OF = new URL("./emoji.json", import.meta.url);
let groups = null;

const plain = (words) => words.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

/** Every group: {name, emoji: [{emoji, name, words}]}; rejects if they can't be fetched. */
export async function load() {
  if (groups) return groups;
  const response = await fetch(URL_OF);
  if (!response.ok) throw new Error("emoji");
  const data = await response.json();
  // the first ones are names in languages; a page that speaks none of them shows the first
  const own = Math.max(data.names.indexOf(document.documentElement.lang), 0);
  groups = data.groups.map(([name, rows]) => ({
    name,
    emoji: rows.map(([emoji, ...words]) => ({
      emoji,
      name: words[own],
      // in every language, whatever the page speaks
      words: plain(words.join(" ")).split(/[^\p{L}\p{N}+]+/u),
    })),
  }));
  return groups;
}

/** Those of which every typed word begins one of the words: named so first. */
export async function search(typed, most) {
  const wanted = plain(typed).split(/[\s_]+/).filter(Boolean);
  if (!wanted.length) return [];
  const all = (await load()).flatMap((group) => group.emoji);
  const found = all.filter((one) => wanted.every((word) => one.words.some((part) => part.startsWith(word))));
  const rank = (one) => (plain(one.name).startsWith(wanted[0]) ? 0 : one.words.includes(wanted[0]) ? 1 : 2);
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, most);
}

const KEY = "emoji";
const MOST_RECENT = 24;

/** What this device has used last, the newest first. */
export function recent() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string" && one.length <= 16) : [];
  } catch {
    return [];
  }
}

export function used(emoji) {
  try {
    const kept = [emoji, ...recent().filter((one) => one !== emoji)].slice(0, MOST_RECENT);
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // a device that keeps nothing
  }
}
