// A record as it was: a slider over its life, from the day it was made until now.

import { h, debounce } from './dom.js';
import { t, dateTime } from './i18n.js';
import { complain } from './ui.js';

export function pastSlider(record, { show, leave }) {
  const [start, end] = [Date.parse(record.created_at) + 1, Date.now()];
  const shown = h('output', t('asof.now'));
  const ask = debounce((time) => show(new Date(time).toISOString()).catch(complain), 150);
  const input = h('input', {
    type: 'range', min: 0, max: 1000, value: 1000, 'aria-label': t('asof.title'),
    oninput: () => {
      const time = start + (end - start) * (Number(input.value) / 1000);
      const isNow = Number(input.value) === 1000;
      shown.textContent = isNow ? t('asof.now') : dateTime(new Date(time).toISOString());
      input.setAttribute('aria-valuetext', shown.textContent);
      ask(time);
    },
  });
  return h('section.note.past', h('strong', t('asof.title')), input, shown, h('button.button.small', { type: 'button', onclick: () => leave().catch(complain) }, t('asof.leave')));
}
