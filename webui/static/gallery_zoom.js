// One picture under the fingers: wheel, pinch and double tap zoom, a drag moves it, a swipe leads on.

const MOST = 6;
const TAPPED = 2.5; // what a double tap zooms to
const SWIPE = 60; // px
const DOUBLE = 300; // ms between two taps

/**
 * Watch the stage that shows one picture. `act` is told "before", "next" or "close" by a swipe.
 * Gives {by, reset}: zoom by a factor, and back to the whole picture.
 */
export function zoomable(stage, act) {
  let scale = 1;
  let x = 0;
  let y = 0;
  let began = null;
  let tapped = 0;
  let isTouched = false;
  const fingers = new Map();
  const picture = () => stage.querySelector("img");

  function draw() {
    const image = picture();
    if (!image) return;
    // never so far that nothing is left to be seen
    const [overX, overY] = [stage.clientWidth, stage.clientHeight].map((side) => (side * (scale - 1)) / 2);
    x = Math.max(-overX, Math.min(overX, x));
    y = Math.max(-overY, Math.min(overY, y));
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    stage.toggleAttribute("data-zoomed", scale > 1);
  }

  /** Zoom by a factor, so that what is under the pointer stays there. */
  function by(factor, clientX, clientY) {
    if (!picture()) return;
    const box = stage.getBoundingClientRect();
    const [fromX, fromY] = [(clientX ?? box.left + box.width / 2) - box.left - box.width / 2, (clientY ?? box.top + box.height / 2) - box.top - box.height / 2];
    const to = Math.max(1, Math.min(MOST, scale * factor));
    x = fromX - ((fromX - x) * to) / scale;
    y = fromY - ((fromY - y) * to) / scale;
    scale = to;
    draw();
  }

  function reset() {
    scale = 1;
    x = y = 0;
    draw();
  }

  const toggle = (event) => (scale > 1 ? reset() : by(TAPPED, event.clientX, event.clientY));

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      by(Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    },
    { passive: false },
  );
  // fingers tap twice below: browsers do not agree whether that is a double click
  stage.addEventListener("dblclick", (event) => !isTouched && toggle(event));
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest("video")) return;
    isTouched = event.pointerType === "touch";
    fingers.set(event.pointerId, event);
    stage.setPointerCapture(event.pointerId);
    began = { x: event.clientX, y: event.clientY, spread: spread(), moved: fingers.size > 1 };
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    fingers.set(event.pointerId, event);
    if (fingers.size > 1) {
      const now = spread();
      if (began.spread) by(now / began.spread, ...middle());
      began = { ...began, spread: now, moved: true };
    } else if (scale > 1) {
      x += event.clientX - before.clientX;
      y += event.clientY - before.clientY;
      draw();
    }
  });
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, lift);

  function lift(event) {
    if (!fingers.delete(event.pointerId) || fingers.size || !began) return;
    const [right, down] = [event.clientX - began.x, event.clientY - began.y];
    const far = Math.hypot(right, down) > 10;
    const swipes = event.type === "pointerup" && scale === 1 && !began.moved;
    began = null;
    if (swipes && Math.abs(right) > SWIPE && Math.abs(right) > 2 * Math.abs(down)) return act(right > 0 ? "before" : "next");
    if (swipes && event.pointerType === "touch" && down > 2 * SWIPE && down > 2 * Math.abs(right)) return act("close");
    if (!isTouched || far) return;
    const isSecond = event.timeStamp - tapped < DOUBLE;
    if (isSecond) toggle(event);
    tapped = isSecond ? 0 : event.timeStamp;
  }

  const points = () => [...fingers.values()];
  const spread = () => (fingers.size > 1 ? Math.hypot(points()[0].clientX - points()[1].clientX, points()[0].clientY - points()[1].clientY) : 0);
  const middle = () => [(points()[0].clientX + points()[1].clientX) / 2, (points()[0].clientY + points()[1].clientY) / 2];

  return { by, reset };
}
