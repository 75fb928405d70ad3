// Carrying things from one place to another with the mouse, a pen or a finger. A finger holds for a moment first, since it also scrolls.

const SLOP = 5;
const HOLD = 280;
const EDGE = 56;

let isInHand = false;
const later = new Set();

/** Whether something is pressed or carried, which would fall out of the hand if it were drawn anew: then the work is done once it has been put down. */
export function waitsForHand(work) {
  if (isInHand) later.add(work);
  return isInHand;
}

function putDown() {
  isInHand = false;
  const waiting = [...later];
  later.clear();
  for (const work of waiting) work();
}

/**
 * Lets what fits `selector` within `area` be carried. `begin(item)` may refuse with false; `over(item, x, y, box)` is told at most once per frame where
 * the pointer is and where the carried picture is; then one of `drop(item)` and `cancel(item)`. Where there is more to scroll, the edges scroll.
 */
export function carry(area, selector, { begin, over, drop, cancel, signal }) {
  let trip = null;
  const options = { signal };

  area.addEventListener('dragstart', (event) => { if (event.target.closest?.(selector)) event.preventDefault(); }, options);
  // A finger that carries does not scroll; to be said before the browser decides.
  area.addEventListener('touchmove', (event) => { if (trip?.isCarrying && event.cancelable) event.preventDefault(); }, { passive: false, signal });
  area.addEventListener('contextmenu', (event) => { if (trip && trip.type !== 'mouse') event.preventDefault(); }, options);
  area.addEventListener('pointerdown', (event) => {
    const item = event.target.closest(selector);
    if (!item || event.button || !event.isPrimary || trip) return;
    const control = event.target.closest('button, input, select, textarea');
    if (control && control !== item) return;
    trip = { item, type: event.pointerType, id: event.pointerId, x: event.clientX, y: event.clientY, startX: event.clientX, startY: event.clientY };
    isInHand = true;
    if (trip.type !== 'mouse') trip.hold = setTimeout(start, HOLD);
    listen(true);
  }, options);
  signal?.addEventListener('abort', () => end(false), { once: true });

  function listen(on) {
    const change = on ? addEventListener : removeEventListener;
    change('pointermove', moved);
    change('pointerup', released);
    change('pointercancel', lost);
    change('keydown', pressed, true);
    change('blur', lost);
  }

  function start() {
    if (begin(trip.item) === false) { end(false); return; }
    const box = trip.item.getBoundingClientRect();
    Object.assign(trip, { isCarrying: true, dx: trip.startX - box.left, dy: trip.startY - box.top, width: box.width, height: box.height });
    const picture = trip.item.cloneNode(true);
    picture.classList.add('carried');
    picture.setAttribute('aria-hidden', 'true');
    picture.inert = true;
    picture.style.setProperty('width', `${box.width}px`);
    picture.style.setProperty('height', `${box.height}px`);
    // The top layer, out of all that scrolls and hides.
    picture.popover = 'manual';
    document.body.append(picture);
    picture.showPopover();
    trip.picture = picture;
    trip.item.classList.add('lifted');
    area.classList.add('carrying');
    if (trip.type !== 'mouse') navigator.vibrate?.(8);
    follow();
    trip.frame = requestAnimationFrame(step);
  }

  const follow = () => trip.picture.style.setProperty('transform', `translate(${trip.x - trip.dx}px, ${trip.y - trip.dy}px)`);

  function moved(event) {
    if (event.pointerId !== trip.id) return;
    trip.x = event.clientX;
    trip.y = event.clientY;
    const distance = Math.hypot(trip.x - trip.startX, trip.y - trip.startY);
    if (!trip.isCarrying) {
      if (distance < SLOP) return;
      if (trip.type === 'mouse') start(); else { if (distance > 2 * SLOP) end(false); return; }
      if (!trip) return;
    }
    trip.isNew = true;
    follow();
  }

  function tell() {
    trip.isNew = false;
    over(trip.item, trip.x, trip.y, { left: trip.x - trip.dx, top: trip.y - trip.dy, width: trip.width, height: trip.height });
  }

  function step() {
    if (!trip?.isCarrying) return;
    // Where nothing moves nothing needs to be looked at.
    if (trip.isNew || trip.isScrolling) {
      trip.isScrolling = scrollAtEdges();
      tell();
    }
    trip.frame = requestAnimationFrame(step);
  }

  function scrollAtEdges() {
    let moves = false;
    for (let one = document.elementFromPoint(trip.x, trip.y); one && one !== document.documentElement; one = one.parentElement) {
      const style = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      if (one.scrollHeight > one.clientHeight + 1 && /auto|scroll/.test(style.overflowY)) {
        const by = trip.y < box.top + EDGE ? -1 : trip.y > box.bottom - EDGE ? 1 : 0;
        if (by) { const before = one.scrollTop; one.scrollTop += by * 12; moves ||= one.scrollTop !== before; }
      }
      if (one.scrollWidth > one.clientWidth + 1 && /auto|scroll/.test(style.overflowX)) {
        const by = trip.x < box.left + EDGE ? -1 : trip.x > box.right - EDGE ? 1 : 0;
        if (by) { const before = one.scrollLeft; one.scrollLeft += by * 12; moves ||= one.scrollLeft !== before; }
      }
    }
    return moves;
  }

  function released(event) {
    if (event.pointerId !== trip.id) return;
    if (!trip.isCarrying) { end(false); return; }
    trip.x = event.clientX;
    trip.y = event.clientY;
    tell();
    end(true);
  }

  function lost() { end(false); }

  function pressed(event) {
    if (event.key !== 'Escape' || !trip?.isCarrying) return;
    event.preventDefault();
    event.stopPropagation();
    end(false);
  }

  function end(drops) {
    if (!trip) return;
    const { item, picture, isCarrying, hold, frame } = trip;
    clearTimeout(hold);
    cancelAnimationFrame(frame);
    listen(false);
    trip = null;
    picture?.remove();
    item.classList.remove('lifted');
    area.classList.remove('carrying');
    // After the click that ends a press: it must find what was pressed.
    if (!isCarrying) { setTimeout(putDown); return; }
    // The press that carried is no click.
    const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
    addEventListener('click', swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener('click', swallow, { capture: true }));
    if (drops) drop(item); else cancel(item);
    putDown();
  }
}
