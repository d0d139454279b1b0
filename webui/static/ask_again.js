// A file that did not come: polite words that quote it, in the reply field, for whoever answers to send or change.

import * as composer from "./composer.js";
import { find, wordsOf } from "./dom.js";

document.addEventListener("click", (event) => {
  const link = event.target.closest('[data-action="ask-again"]');
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || !find("#composer")) return;
  event.preventDefault();
  const message = link.closest(".message");
  composer.quote(message.dataset.message, wordsOf(message) || find(".file-name", message).textContent);
  // asked twice, it stands there once
  if (!find("#reply").value.includes(link.dataset.words)) composer.writeAgain(link.dataset.words);
});
