// What the fields of a place's, a contact's, a poll's or a sticker's form can do, in a dialog or on a page.

import { find, findAll } from "./dom.js";

/** Make a form's fields do what they can do here. */
export function prepare(form) {
  const other = find("[data-other]", form);
  const ofShop = find('[name="who"][value="shop"]', form);
  const look = () => other && (other.hidden = Boolean(ofShop?.checked));
  for (const choice of findAll('[name="who"]', form)) choice.addEventListener("change", look);
  look();
  const options = findAll("[data-option]", form);
  const fold = () => {
    const last = options.findLastIndex((field) => field.value.trim());
    // one more than is filled, and three at least
    options.forEach((field, i) => (field.hidden = i > Math.max(2, last + 1)));
  };
  for (const field of options) {
    field.addEventListener("input", fold);
    field.addEventListener("keydown", (event) => nextOption(event, options));
  }
  fold();
  find("[data-picture]", form)?.addEventListener("change", (event) => preview(form, event.target.files[0]));
  const here = find('[data-action="here"]', form);
  if (here && navigator.geolocation && isSecureContext) {
    here.hidden = false;
    here.addEventListener("click", () => locate(form, here));
  }
}

/** Return goes on to the next answer; in the last one it sends. */
function nextOption(event, options) {
  if (event.key !== "Enter" || event.isComposing || !event.target.value.trim()) return;
  const next = options[options.indexOf(event.target) + 1];
  if (!next || next.hidden) return;
  event.preventDefault();
  next.focus();
}

export function preview(form, file) {
  const image = find("[data-preview]", form);
  image.hidden = !file?.type.startsWith("image/");
  if (image.hidden) return;
  image.src = URL.createObjectURL(file);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
}

function locate(form, button) {
  const words = find("[data-here-words]", form);
  words.textContent = button.dataset.busyWords;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      words.textContent = "";
      form.elements.position.value = `${coords.latitude.toFixed(6)}, ${coords.longitude.toFixed(6)}`;
      // the name that stood there was another place's
      form.elements.name.value = form.elements.address.value = "";
      form.elements.name.focus();
    },
    () => (words.textContent = button.dataset.failedWords),
    { enableHighAccuracy: true, timeout: 20000 },
  );
}

// a page of its own
for (const form of findAll("main > .page-body [data-card-form]")) prepare(form);
