// Cards in a thread: a number or a position is copied.

const WORDS_STAY = 2000; // ms

/** Put a text into the clipboard, over plain http in the shop's own network, too. */
async function copied(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // not allowed: by the old way
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("readonly", "");
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest('[data-action="copy-text"]');
  if (!button || button.dataset.before || !(await copied(button.dataset.copyText))) return;
  const words = button.querySelector("span");
  const [before, label] = [words.textContent, button.getAttribute("aria-label")];
  button.dataset.before = before;
  words.textContent = button.dataset.done;
  // heard as well as seen
  button.setAttribute("aria-label", button.dataset.done);
  button.focus({ preventScroll: true });
  setTimeout(() => {
    words.textContent = before;
    button.setAttribute("aria-label", label);
    delete button.dataset.before;
  }, WORDS_STAY);
});
