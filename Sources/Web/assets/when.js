// Times as people write them into a task: "Call Anna tomorrow 9:00", "morgen 9 Uhr", "mañana a las 9", "下周一上午10点". Pure: knows neither page nor clock.

import { addDays, addMinutes, addMonths, monthOf, startOfWeek, weekday } from './days.js';

const MORNING = 9 * 60;
const two = (value) => String(value).padStart(2, '0');
const at = (day, minutes) => `${day}T${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
const isDay = (year, month, day) => month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();

/** A time of the clock; undefined for what no clock shows. Small hours of a working day are meant after noon unless `exact`. */
function clock(hour, minute = 0, { half, exact = true } = {}) {
  let value = Number(hour);
  const minutes = Number(minute || 0);
  if (half === 'pm' && value < 12) value += 12;
  if (half === 'am' && value === 12) value = 0;
  if (!half && !exact && value >= 1 && value <= 6) value += 12;
  return value < 24 && minutes < 60 ? value * 60 + minutes : undefined;
}

// Days, each to be found once the time is known: `(now, minutes) => day`.

const inDays = (count) => (now) => addDays(now.slice(0, 10), count);
const inMonths = (count) => (now) => addMonths(now.slice(0, 10), count);
/** The coming one; today's while its time is still ahead. */
const coming = (number) => (now, minutes) => {
  const today = now.slice(0, 10);
  const ahead = (number - weekday(today) + 7) % 7;
  return addDays(today, ahead === 0 && !(minutes !== undefined && at(today, minutes) > now) ? 7 : ahead);
};
/** Of a week after this one, weeks from Monday on. */
const ofWeek = (number, weeks = 1) => (now) => addDays(startOfWeek(now.slice(0, 10), 'monday'), 7 * weeks + ((number + 6) % 7));
/** A day of a month; of the next year when it has passed. */
const calendarDay = (day, month, year) => (now) => {
  const own = year ? Number(year) + (String(year).length === 2 ? 2000 : 0) : Number(now.slice(0, 4));
  for (const one of year ? [own] : [own, own + 1, own + 2, own + 3, own + 4]) {
    if (!isDay(one, Number(month), Number(day))) continue;
    const text = `${one}-${two(month)}-${two(day)}`;
    if (year || text >= now.slice(0, 10)) return text;
  }
  return undefined;
};
const dayOfMonth = (day) => (now) => {
  for (let count = 0; count < 3; count++) {
    const [year, month] = monthOf(addMonths(`${monthOf(now)}-01`, count)).split('-').map(Number);
    const text = `${year}-${two(month)}-${two(day)}`;
    if (isDay(year, month, Number(day)) && text >= now.slice(0, 10)) return text;
  }
  return undefined;
};
/** Minutes from now, which is day and time in one. */
const inMinutes = (count) => Object.assign((now) => addMinutes(now, count), { isMoment: true });

const span = (count, unit) => ({ minute: inMinutes(count), hour: inMinutes(60 * count), day: inDays(count), week: inDays(7 * count), month: inMonths(count) })[unit];

const counted = (words) => (text) => (/^\d+$/.test(text) ? Number(text) : words[text.toLowerCase()]);
const either = (map) => Object.keys(map).sort((a, b) => b.length - a.length).join('|');

// The languages. A rule is a pattern and what it means; `near` rules hold only beside a day. `g` in a pattern stands for the words before it.

function english() {
  const days = { monday: 1, mon: 1, tuesday: 2, tues: 2, tue: 2, wednesday: 3, wed: 3, thursday: 4, thurs: 4, thur: 4, thu: 4, friday: 5, fri: 5, saturday: 6, sunday: 0 };
  const short = { ...days, sat: 6, sun: 0 };
  const months = { january: 1, jan: 1, february: 2, feb: 2, march: 3, mar: 3, april: 4, apr: 4, may: 5, june: 6, jun: 6, july: 7, jul: 7, august: 8, aug: 8, september: 9, sept: 9, sep: 9, october: 10, oct: 10, november: 11, nov: 11, december: 12, dec: 12 };
  const count = counted({ a: 1, an: 1, one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10 });
  const amount = '\\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten';
  const before = '(?:(?:on|by|until|till|due|for) )?(?:the )?';
  return {
    days: [
      [`${before}day after tomorrow`, () => inDays(2)],
      [`${before}(today|tonight|tomorrow)`, ([, word]) => Object.assign(inDays(word.toLowerCase() === 'tomorrow' ? 1 : 0), { usual: word.toLowerCase() === 'tonight' ? 19 * 60 : undefined })],
      [`${before}next (${either(short)})\\.?`, ([, day]) => ofWeek(short[day.toLowerCase()])],
      [`(?:on|by|until|this) (${either(short)})\\.?`, ([, day]) => coming(short[day.toLowerCase()])],
      [`(${either(days)})`, ([, day]) => coming(days[day.toLowerCase()])],
      [`${before}next week`, () => ofWeek(1)], [`${before}next month`, () => (now) => `${monthOf(addMonths(now.slice(0, 10), 1))}-01`],
      [`in (${amount}) (minute|hour|day|week|month)s?`, ([, number, unit]) => span(count(number), unit.toLowerCase())],
      [`in (\\d{1,3}) ?(?:min|mins)`, ([, number]) => inMinutes(Number(number))],
      [`${before}(\\d{1,2})(?:st|nd|rd|th)?(?: of)? (${either(months)})\\.?(?:,? (\\d{4}))?`, ([, day, month, year]) => calendarDay(day, months[month.toLowerCase()], year)],
      [`${before}(${either(months)})\\.? (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?(?![\\d:])`, ([, month, day, year]) => calendarDay(day, months[month.toLowerCase()], year)],
      [`${before}(\\d{1,2})(?:st|nd|rd|th)`, ([, day]) => dayOfMonth(day)],
    ],
    times: [
      ['(?:(?:at|by|@) ?)?(\\d{1,2}):(\\d{2}) ?([ap])\\.?m\\.?', ([, hour, minute, half]) => clock(hour, minute, { half: `${half.toLowerCase()}m` })],
      ['(?:(?:at|by|@) ?)?(\\d{1,2}):(\\d{2})', ([, hour, minute]) => clock(hour, minute)],
      ['(?:(?:at|by|@) ?)?(1[0-2]|[1-9]) ?([ap])\\.?m\\.?', ([, hour, half]) => clock(hour, 0, { half: `${half.toLowerCase()}m` })],
      ["(?:at|by|@) ?(\\d{1,2})(?: o['’]clock)?", ([, hour]) => clock(hour, 0, { exact: false })],
      ["(\\d{1,2}) o['’]clock", ([, hour]) => clock(hour, 0, { exact: false })],
      ['(?:at )?(noon|midday)', () => 720],
    ],
    near: [['(?:in the |this )?morning', () => MORNING], ['(?:in the |this )?afternoon', () => 14 * 60], ['(?:in the |this )?evening', () => 18 * 60]],
  };
}

function german() {
  const days = { montag: 1, dienstag: 2, mittwoch: 3, donnerstag: 4, freitag: 5, samstag: 6, sonnabend: 6, sonntag: 0 };
  const short = { ...days, mo: 1, di: 2, mi: 3, do: 4, fr: 5, sa: 6, so: 0 };
  const months = { januar: 1, jänner: 1, jan: 1, februar: 2, feb: 2, märz: 3, mär: 3, april: 4, apr: 4, mai: 5, juni: 6, jun: 6, juli: 7, jul: 7, august: 8, aug: 8, september: 9, sept: 9, sep: 9, oktober: 10, okt: 10, november: 11, nov: 11, dezember: 12, dez: 12 };
  const count = counted({ einem: 1, einer: 1, eine: 1, zwei: 2, drei: 3, vier: 4, fünf: 5, sechs: 6, sieben: 7, acht: 8, neun: 9, zehn: 10, elf: 11, zwölf: 12 });
  const amount = '\\d{1,3}|eine[mr]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf';
  const units = { minute: 'minute', stunde: 'hour', tag: 'day', woche: 'week', monat: 'month' };
  const before = '(?:(?:bis zum|bis|am|ab|zum|für) )?';
  const part = { morgens: 'am', früh: 'am', vormittags: 'am', nachmittags: 'pm', abends: 'pm' };
  return {
    days: [
      [`${before}übermorgen`, () => inDays(2)], [`${before}heute`, () => inDays(0)], [`${before}morgen`, () => inDays(1)],
      [`${before}(?:nächste[rn]?|kommende[rn]?|diese[rn]?) (${either(short)})\\.?`, ([, day]) => coming(short[day.toLowerCase()])],
      [`(?:bis|am) (${either(short)})\\.?`, ([, day]) => coming(short[day.toLowerCase()])],
      [`(${either(days)})`, ([, day]) => coming(days[day.toLowerCase()])],
      [`(?:in der )?nächsten? woche (${either(days)})`, ([, day]) => ofWeek(days[day.toLowerCase()])],
      ['(?:in der )?(?:nächsten?|kommenden?) woche', () => ofWeek(1)], ['(?:im )?nächsten monat', () => (now) => `${monthOf(addMonths(now.slice(0, 10), 1))}-01`],
      [`in (${amount}) (minute|stunde|tag|woche|monat)(?:en|n|e)?`, ([, number, unit]) => span(count(number), units[unit.toLowerCase()])],
      [`${before}(\\d{1,2})\\. ?(${either(months)})\\.?(?: (\\d{4}))?`, ([, day, month, year]) => calendarDay(day, months[month.toLowerCase()], year)],
      [`${before}(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4}|\\d{2})?`, ([, day, month, year]) => calendarDay(day, month, year)],
    ],
    times: [
      ['(?:(?:um|bis|ab|gegen) )?(\\d{1,2}):(\\d{2})(?: ?uhr)?', ([, hour, minute]) => clock(hour, minute)],
      ['(?:(?:um|bis|ab|gegen) )(\\d{1,2})\\.(\\d{2})(?: ?uhr)?', ([, hour, minute]) => clock(hour, minute)],
      ['(\\d{1,2})\\.(\\d{2}) ?uhr', ([, hour, minute]) => clock(hour, minute)],
      [`(?:(?:um|bis|ab|gegen) )?(\\d{1,2}) ?uhr (${either(part)})`, ([, hour, word]) => clock(hour, 0, { half: part[word.toLowerCase()] })],
      ['(?:(?:um|bis|ab|gegen) )?(\\d{1,2}) ?uhr(?: (\\d{2}))?', ([, hour, minute]) => clock(hour, minute)],
      [`(?:um )?halb (\\d{1,2}|${amount})`, ([, hour]) => { const full = clock(count(hour), 0, { exact: false }); return full === undefined ? undefined : full - 30; }],
      ['(?:um|ab|gegen) (\\d{1,2})', ([, hour]) => clock(hour, 0, { exact: false })],
      ['(?:am )?mittags?', () => 720],
    ],
    near: [['früh', () => MORNING], ['(?:am )?vormittags?', () => 10 * 60], ['(?:am )?nachmittags?', () => 14 * 60], ['(?:am )?abends?', () => 18 * 60]],
  };
}

function spanish() {
  const days = { lunes: 1, martes: 2, miércoles: 3, miercoles: 3, jueves: 4, viernes: 5, sábado: 6, sabado: 6, domingo: 0 };
  const months = { enero: 1, ene: 1, febrero: 2, feb: 2, marzo: 3, mar: 3, abril: 4, abr: 4, mayo: 5, may: 5, junio: 6, jun: 6, julio: 7, jul: 7, agosto: 8, ago: 8, septiembre: 9, setiembre: 9, sept: 9, sep: 9, octubre: 10, oct: 10, noviembre: 11, nov: 11, diciembre: 12, dic: 12 };
  const count = counted({ un: 1, una: 1, dos: 2, tres: 3, cuatro: 4, cinco: 5, seis: 6, siete: 7, ocho: 8, nueve: 9, diez: 10 });
  const amount = '\\d{1,3}|una?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez';
  const units = { minuto: 'minute', hora: 'hour', día: 'day', dia: 'day', semana: 'week', mes: 'month' };
  const before = '(?:(?:antes del?|para|hasta) )?(?:el )?';
  const half = (word) => (word ? (/mañana|madrugada/i.test(word) ? 'am' : 'pm') : undefined);
  const part = '(?: (?:de|por) la (mañana|madrugada|tarde|noche))?';
  return {
    days: [
      [`${before}pasado mañana`, () => inDays(2)], [`${before}hoy`, () => inDays(0)], [`${before}(?<!la )mañana`, () => inDays(1)],
      ['esta noche', () => Object.assign(inDays(0), { usual: 20 * 60 })],
      [`${before}(?:próximo |proximo |este )?(${either(days)})(?: que viene| próximo| proximo)?`, ([, day]) => coming(days[day.toLowerCase()])],
      ['(?:la )?(?:próxima|proxima) semana', () => ofWeek(1)], ['(?:la )?semana que viene', () => ofWeek(1)],
      ['(?:el )?(?:próximo|proximo) mes', () => (now) => `${monthOf(addMonths(now.slice(0, 10), 1))}-01`], ['(?:el )?mes que viene', () => (now) => `${monthOf(addMonths(now.slice(0, 10), 1))}-01`],
      [`(?:en|dentro de) (${amount}) (minuto|hora|día|dia|semana|mes)(?:e?s)?`, ([, number, unit]) => span(count(number), units[unit.toLowerCase()])],
      [`${before}(\\d{1,2})(?: de)? (${either(months)})\\.?(?:(?: de(?:l)?)? (\\d{4}))?`, ([, day, month, year]) => calendarDay(day, months[month.toLowerCase()], year)],
      [`${before}(\\d{1,2})/(\\d{1,2})(?:/(\\d{4}|\\d{2}))?`, ([, day, month, year]) => calendarDay(day, month, year)],
    ],
    times: [
      [`(?:a las? )?(\\d{1,2}):(\\d{2})(?: ?h(?:oras)?)?${part}`, ([, hour, minute, word]) => clock(hour, minute, { half: half(word) })],
      [`a las? (\\d{1,2}) y (media|cuarto)${part}`, ([, hour, more, word]) => clock(hour, more === 'media' ? 30 : 15, { half: half(word), exact: false })],
      [`a las? (\\d{1,2})(?: ?h(?:oras)?)?${part}`, ([, hour, word]) => clock(hour, 0, { half: half(word), exact: false })],
      ['(\\d{1,2}) ?h(?:oras)?', ([, hour]) => clock(hour)],
      ['(?:a |al )?mediodía', () => 720],
    ],
    near: [['(?:por|en) la mañana', () => MORNING], ['(?:por|en) la tarde', () => 16 * 60], ['(?:por|en) la noche', () => 20 * 60]],
  };
}

function chinese() {
  const digits = { 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 };
  const weekdays = { ...digits, 日: 0, 天: 0 };
  const count = (text) => {
    if (/^\d+$/.test(text)) return Number(text);
    const [, tens, ten, ones] = /^([一二两三四五六七八九])?(十)?([一二三四五六七八九])?$/.exec(text) ?? [];
    return ten ? (digits[tens] ?? 1) * 10 + (digits[ones] ?? 0) : digits[text];
  };
  const amount = '\\d{1,3}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]';
  const week = '(?:周|星期|礼拜|週)';
  const part = '(凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里)?';
  const ofDay = (word, hour, minute) => {
    const value = count(hour);
    if (!word) return clock(value, minute, { exact: false });
    if (word === '中午') return clock(value < 3 ? value + 12 : value, minute);
    return clock(value, minute, { half: /下午|傍晚|晚上|夜里/.test(word) ? 'pm' : 'am' });
  };
  const moment = (word) => ({ 早: MORNING, 早上: MORNING, 上午: MORNING, 中午: 720, 下午: 14 * 60, 晚: 19 * 60, 晚上: 19 * 60 })[word];
  return {
    isJoined: true,
    days: [
      ['大后天', () => inDays(3)], ['后天', () => inDays(2)], ['明天|明日', () => inDays(1)], ['今天|今日', () => inDays(0)],
      ['(今|明)(早|晚)', ([, day, word]) => Object.assign(inDays(day === '明' ? 1 : 0), { usual: moment(word), part: word === '晚' ? 'pm' : 'am' })],
      [`(下下|下|这|本)个?${week}([一二三四五六日天])`, ([, which, day]) => ofWeek(weekdays[day], { 下下: 2, 下: 1, 这: 0, 本: 0 }[which])],
      [`${week}([一二三四五六日天])`, ([, day]) => coming(weekdays[day])],
      [`下个?${week}`, () => ofWeek(1)], ['下个?月', () => (now) => `${monthOf(addMonths(now.slice(0, 10), 1))}-01`],
      [`(${amount})天[后後]`, ([, number]) => inDays(count(number))], [`(${amount})个?${week}[后後]`, ([, number]) => inDays(7 * count(number))],
      [`(${amount})个月[后後]`, ([, number]) => inMonths(count(number))], [`(${amount})个?(?:小时|钟头)[后後]`, ([, number]) => inMinutes(60 * count(number))],
      ['半个?小时[后後]', () => inMinutes(30)], [`(${amount})分钟[后後]`, ([, number]) => inMinutes(count(number))],
      [`(?:(\\d{4})年)?(${amount})月(${amount})[日号號]`, ([, year, month, day]) => calendarDay(count(day), count(month), year)],
      [`(?<!月)(${amount})[号號]`, ([, day]) => dayOfMonth(count(day))],
    ],
    times: [
      [`${part}(\\d{1,2}):(\\d{2})`, ([, word, hour, minute]) => (word ? ofDay(word, hour, minute) : clock(hour, minute))],
      [`${part}(${amount})[点點时時]半`, ([, word, hour]) => ofDay(word, hour, 30)],
      [`${part}(${amount})[点點时時](一|三)刻`, ([, word, hour, quarter]) => ofDay(word, hour, quarter === '一' ? 15 : 45)],
      [`${part}(${amount})[点點时時](?:(${amount})分?|整)?`, ([, word, hour, minute]) => ofDay(word, hour, minute ? count(minute) : 0)],
    ],
    near: [['早上|上午|中午|下午|晚上', ([word]) => moment(word)]],
  };
}

const languages = { en: english, de: german, es: spanish, 'zh-CN': chinese };
const ready = new Map();
function grammar(language) {
  if (!ready.has(language)) {
    const { isJoined, days, times, near } = languages[language]();
    // Where words stand apart a rule holds for whole words only.
    const compile = (rules) => rules.map(([pattern, meaning]) => [new RegExp(isJoined ? `(?:${pattern})` : `(?<![\\p{L}\\p{N}])(?:${pattern})(?![\\p{L}\\p{N}])`, 'giu'), meaning]);
    const written = [['(\\d{4})-(\\d{2})-(\\d{2})', ([, year, month, day]) => calendarDay(day, month, year)]];
    ready.set(language, { isJoined, days: compile([...days, ...written]), times: compile(times), near: compile(near) });
  }
  return ready.get(language);
}

/** The longest place where a rule holds. */
function find(rules, text, allowed = () => true) {
  let best = null;
  for (const [pattern, meaning] of rules) {
    for (const found of text.matchAll(pattern)) {
      if (!allowed(found.index, found.index + found[0].length)) continue;
      const value = meaning(found);
      if (value === undefined || (best && best.length >= found[0].length)) continue;
      best = { value, start: found.index, end: found.index + found[0].length, length: found[0].length };
    }
  }
  return best;
}

const blank = (text, place) => text.slice(0, place.start) + '\u0000'.repeat(place.length) + text.slice(place.end);

function read(language, text, now) {
  const rules = grammar(language);
  const day = find(rules.days, text);
  const rest = day ? blank(text, day) : text;
  const beside = (start, end) => day && !/[^\s,，]/.test(start >= day.end ? text.slice(day.end, start) : text.slice(end, day.start));
  const time = day?.value.isMoment ? null : find(rules.times, rest, (start, end) => !rest.slice(start, end).includes('\u0000')) ?? find(rules.near, rest, (start, end) => !rest.slice(start, end).includes('\u0000') && beside(start, end));
  if (!day && !time) return null;
  let minutes = time?.value ?? day?.value.usual;
  if (time && day?.value.part === 'pm' && minutes < 720) minutes += 720;
  let local;
  if (day?.value.isMoment) local = day.value(now);
  else if (day) {
    const date = day.value(now, minutes);
    if (!date) return null;
    local = at(date, minutes ?? usual(date, now));
  } else {
    const today = now.slice(0, 10);
    local = at(today, minutes) > now ? at(today, minutes) : at(addDays(today, 1), minutes);
  }
  const cleared = (time ? blank(rest, time) : rest).replace(/\u0000+/g, rules.isJoined ? '' : ' ');
  return { local, title: tidy(cleared), weight: (day?.length ?? 0) + (time?.length ?? 0) };
}

/** Without a time: in the morning, and today by the end of the working day. */
const usual = (day, now) => (day !== now.slice(0, 10) || at(day, MORNING) > now ? MORNING : at(day, 17 * 60) > now ? 17 * 60 : 23 * 60 + 59);
const tidy = (text) => text.replace(/\s+/g, ' ').replace(/^[\s,;:·–—\-，。；、]+|[\s,;:·–—\-，；、]+$/gu, '').trim();
/** Wide figures as narrow ones, sign for sign. */
const narrow = (text) => text.replace(/[０-９：]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0)).replace(/[\u00a0\u202f\u3000\t]/g, ' ');

/**
 * What is to be done and until when: `{title, local}` of a line such as "Call Anna tomorrow 9:00"; `local` is `2026-11-30T09:00`, or null when no time is
 * named. `now` is what the clock on the reader's wall shows. All languages are understood; the reader's own wins where they differ.
 */
export function parseWhen(line, { now, language = 'en' }) {
  const text = narrow(line);
  const order = [language, ...Object.keys(languages).filter((one) => one !== language)].filter((one) => languages[one]);
  let best = null;
  for (const one of order) {
    const found = read(one, text, now);
    if (found && (!best || found.weight > best.weight)) best = found;
  }
  return best ? { title: best.title, local: best.local } : { title: tidy(text), local: null };
}
