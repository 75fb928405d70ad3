"""What must hold on every page for everyone to use it (after WCAG 2.2 and what axe-core looks for): every control has a name, text stands out from its ground,
the focus is seen, there are landmarks and one heading above all, ids are unique, references lead somewhere, and nothing is wider than the window."""

SCRIPT = r"""
() => {
  const faults = [];
  const isSeen = (element) => {
    if (!element.checkVisibility?.({ checkOpacity: true, checkVisibilityCSS: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && !element.closest('[inert], [aria-hidden=true], .unseen');
  };
  const say = (element, words) => faults.push(`${words}: ${element.outerHTML.slice(0, 160)}`);
  const text = (element) => (element?.textContent ?? '').trim();

  // Names (accname, as far as this page uses it).
  const named = (element) => {
    const by = element.getAttribute('aria-labelledby');
    if (by) return by.split(/\s+/).map((id) => text(document.getElementById(id))).join(' ').trim();
    const label = element.getAttribute('aria-label')?.trim();
    if (label) return label;
    if (element.labels?.length) return [...element.labels].map(text).join(' ').trim();
    if (['INPUT', 'SELECT', 'TEXTAREA'].includes(element.tagName)) return element.title || (['submit', 'button'].includes(element.type) ? element.value : '');
    const own = [...element.querySelectorAll('img[alt], svg title')].map((one) => one.alt ?? text(one)).join(' ');
    const shown = [...element.childNodes].map((node) => (node.nodeType === 3 ? node.data : node.getAttribute?.('aria-hidden') === 'true' ? '' : node.textContent ?? '')).join('').trim();
    return shown || own || element.title || '';
  };
  for (const control of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=combobox], [role=listbox], [role=dialog], dialog[open], [role=grid], [role=menuitem], [role=option], [role=tab], [tabindex="0"]')) {
    if (isSeen(control) && !named(control)) say(control, 'A control without a name');
  }
  for (const picture of document.querySelectorAll('img')) if (!picture.hasAttribute('alt')) say(picture, 'A picture without a text');
  for (const svg of document.querySelectorAll('svg')) if (isSeen(svg) && svg.getAttribute('aria-hidden') !== 'true' && !svg.getAttribute('aria-label') && !svg.querySelector('title')) say(svg, 'A drawing that is neither hidden nor named');
  for (const canvas of document.querySelectorAll('canvas')) if (isSeen(canvas) && !named(canvas)) say(canvas, 'A chart without a name');

  // Structure.
  if (document.querySelectorAll('main').length !== 1) faults.push('There is not exactly one main landmark.');
  const headings = [...document.querySelectorAll('h1')].filter((one) => one.checkVisibility());
  if (headings.length !== 1) faults.push(`There are ${headings.length} headings of the first level.`);
  if (!document.documentElement.lang) faults.push('The page does not say its language.');
  if (!document.title.trim()) faults.push('The page has no title.');
  const ids = new Map();
  for (const element of document.querySelectorAll('[id]')) { if (ids.has(element.id)) say(element, 'An id stands twice'); ids.set(element.id, element); }
  for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-activedescendant', 'for']) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      for (const id of element.getAttribute(name).split(/\s+/)) if (id && !ids.has(id)) say(element, `${name} leads nowhere`);
    }
  }
  for (const list of document.querySelectorAll('ul, ol')) for (const child of list.children) if (!['LI', 'SCRIPT', 'TEMPLATE'].includes(child.tagName)) say(child, 'A list holds what is no item');
  for (const cell of document.querySelectorAll('table')) if (isSeen(cell) && !cell.querySelector('th')) say(cell, 'A table without heads');
  for (const inner of document.querySelectorAll('a a, a button, button a, button button, a input, button input')) say(inner, 'A control within a control');
  for (const element of document.querySelectorAll('[aria-hidden=true] a[href], [aria-hidden=true] button, [aria-hidden=true] input')) if (element.checkVisibility() && element.tabIndex >= 0) say(element, 'Hidden from those who listen, and still in the way of the keyboard');
  for (const element of document.querySelectorAll('[tabindex]')) if (Number(element.getAttribute('tabindex')) > 0) say(element, 'A place of its own in the order of the keyboard');

  // Contrast (WCAG 2.2, 1.4.3): what is behind a text is the nearest ground that is not see-through.
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
  const paint = canvas.getContext('2d', { willReadFrequently: true });
  const colours = new Map();
  const rgba = (colour) => {
    if (!colours.has(colour)) { paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data; colours.set(colour, [r, g, b, a / 255]); }
    return colours.get(colour);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) { const colour = rgba(getComputedStyle(one).backgroundColor); if (colour[3] > 0) layers.push(colour); if (colour[3] >= 1) break; if (one.matches('dialog, [popover]') && colour[3] === 0) break; }
    let base = rgba(getComputedStyle(document.documentElement).backgroundColor);
    if (base[3] < 1) base = [255, 255, 255, 1];
    return layers.reverse().reduce((below, layer) => over(layer, below), base);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element || seen.has(element) || !isSeen(element)) continue;
    if (element.closest('script, style, option, :disabled, [aria-disabled=true], datalist')) continue;
    seen.add(element);
    const style = getComputedStyle(element);
    const below = ground(element);
    let opacity = 1;
    for (let one = element; one; one = one.parentElement) opacity *= Number(getComputedStyle(one).opacity);
    const [r, g, b, a] = rgba(style.color);
    const ink = over([r, g, b, a * opacity], below);
    const [one, two] = [light(ink), light(below)].sort((x, y) => y - x);
    const ratio = (one + 0.05) / (two + 0.05);
    const size = parseFloat(style.fontSize);
    const wanted = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < wanted - 0.02) say(element, `Text that hardly stands out (${ratio.toFixed(2)}:1)`);
  }

  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push(`The page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}.`);
  const isTouch = matchMedia('(pointer: coarse)').matches;
  if (isTouch) {
    for (const control of document.querySelectorAll('button, select, input:not([type=hidden], [type=checkbox], [type=radio]), summary, [role=option], nav a, .button')) {
      if (!isSeen(control) || control.closest('.unseen, td, th, .chip, .picker, .toast, p')) continue;
      const box = control.getBoundingClientRect();
      if (box.height < 43.5 && !control.closest('label')) say(control, `A target of ${Math.round(box.width)} by ${Math.round(box.height)} px`);
    }
  }
  return faults;
}
"""


def faults(page):
    return page.evaluate(SCRIPT)


def walk(page, steps=80):
    """Goes through the page by Tab alone. Answers what it met; a focus that is not seen, or that cannot leave, is a fault."""
    met, unseen = [], []
    page.evaluate("document.activeElement?.blur()")
    for _ in range(steps):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """() => {
              const element = document.activeElement;
              if (!element || element === document.body) return null;
              // By what it is, not by which object: what is drawn anew meanwhile is the same thing to whoever walks there.
              const words = (one) => [one.tagName, one.id, one.getAttribute('href'), one.getAttribute('aria-label'), one.textContent].join(' ');
              const equals = [...document.querySelectorAll(element.tagName)].filter((one) => words(one) === words(element));
              const key = `${words(element)} ${equals.indexOf(element)}`;
              const style = getComputedStyle(element);
              const shown = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none';
              return { key, html: element.outerHTML.slice(0, 140), shown, matches: element.matches(':focus-visible') };
            }""")
        if state is None:
            break
        if met and state["key"] == met[0]["key"]:
            break
        met.append(state)
        if not state["shown"]:
            unseen.append(f"The focus is not seen on {state['html']}")
    keys = [one["key"] for one in met]
    trapped = len(keys) - len(set(keys)) > 2
    return met, unseen + (["The keyboard cannot leave: " + met[-1]["html"]] if trapped else [])
