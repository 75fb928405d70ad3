// Everything the page says, in the language of who reads it; dates, figures and money as that person writes them.

import { state, types } from './state.js';

let phrases = {};
const language = state.language ?? document.documentElement.lang ?? 'en';
const plural = new Intl.PluralRules(language);
export const locale = usable(state.locale) ?? language;
export const timeZone = state.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;

function usable(tag) {
  try { return tag ? Intl.getCanonicalLocales(tag)[0] : null; } catch { return null; }
}

/** To be awaited once, before anything is said. English fills what another language should lack. */
export async function loadTexts() {
  phrases = await (await fetch(new URL(`./texts/${language}.json`, import.meta.url))).json();
}

/** The phrase of a key with `{name}` filled in; `count` chooses its plural form. */
export function t(key, values = {}) {
  const phrase = phrases[key];
  if (phrase === undefined) return key;
  let text = typeof phrase === 'string' ? phrase : phrase[plural.select(values.count ?? 0)] ?? phrase.other;
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, typeof value === 'number' ? number(value) : value);
  return text;
}

export const has = (key) => phrases[key] !== undefined;
const first = (keys, otherwise) => { const key = keys.find(has); return key ? phrases[key] : otherwise; };
const asWords = (name) => { const words = name.replaceAll('_', ' '); return words.charAt(0).toUpperCase() + words.slice(1); };

export const plurals = (type) => first([`type.${name(type)}`], asWords(name(type)));
export const singular = (type) => first([`type.${name(type)}.one`], asWords(types.get(name(type))?.singular ?? name(type)));
const name = (type) => (typeof type === 'string' ? type : type.name);

export const labelOf = (type, field) =>
  field.label ?? first([`field.${name(type)}.${field.name}`, `field.${field.name}`], asWords(field.name));
export const optionOf = (type, field, value) => first([`option.${name(type)}.${field.name}.${value}`, `option.${field.name}.${value}`, `${field.name}.${value}`], value);

/** What a field or a setting is called wherever it stands; undefined for what has no words. */
export const labelOfName = (name) => first([`field.${name}`, `setting.${name}`]);

const formats = new Map();
function format(kind, options) {
  const key = kind.name + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new kind(locale, options));
  return formats.get(key);
}

export const number = (value, options = {}) => format(Intl.NumberFormat, options).format(value);
export const percent = (value) => format(Intl.NumberFormat, { style: 'percent', maximumFractionDigits: 1 }).format(value);

/** `{amount, currency}`; the amount is a decimal text and stays exact. */
export function money(value, { compact = false, whole = false } = {}) {
  if (!value || value.amount === null || value.amount === undefined) return '';
  const options = { style: 'currency', currency: value.currency };
  if (compact) Object.assign(options, { notation: 'compact', maximumFractionDigits: 1 });
  // Where figures stand in a row: without decimals that say nothing.
  if (whole) options.trailingZeroDisplay = 'stripIfInteger';
  return format(Intl.NumberFormat, options).format(value.amount);
}

/** A calendar day `YYYY-MM-DD`, which is the same day everywhere. */
export const date = (text, options = { dateStyle: 'medium' }) =>
  text ? format(Intl.DateTimeFormat, { ...options, timeZone: 'UTC' }).format(new Date(`${text}T00:00:00Z`)) : '';
/** An instant, in the reader's zone. */
export const dateTime = (text, options = { dateStyle: 'medium', timeStyle: 'short' }) =>
  text ? format(Intl.DateTimeFormat, { ...options, timeZone }).format(new Date(text)) : '';
export const time = (text) => dateTime(text, { timeStyle: 'short' });

const steps = [['year', 31536e6], ['month', 2592e6], ['week', 6048e5], ['day', 864e5], ['hour', 36e5], ['minute', 6e4]];
/** `3 hours ago`, `in 2 days`. */
export function relative(text, now = Date.now()) {
  const distance = new Date(text).getTime() - now;
  for (const [unit, length] of steps) {
    if (Math.abs(distance) >= length) return format(Intl.RelativeTimeFormat, { numeric: 'auto' }).format(Math.round(distance / length), unit);
  }
  return t('time.now');
}

/** `1 h 20 min` of minutes. */
export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  const parts = [];
  if (hours) parts.push(number(hours, { style: 'unit', unit: 'hour', unitDisplay: 'short' }));
  if (minutes % 60 || !hours) parts.push(number(minutes % 60, { style: 'unit', unit: 'minute', unitDisplay: 'short' }));
  return parts.join(' ');
}

/** Today in the reader's zone, `YYYY-MM-DD`. */
export function today(now = new Date()) {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now);
}

/** What a clock on the reader's wall shows at an instant: `2026-11-30T09:00`. */
export function wall(instant, zone = timeZone) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
      .formatToParts(new Date(instant)).map((part) => [part.type, part.value]));
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

/** The instant at which that clock shows `2026-11-30T09:00`, as RFC 3339. */
export function instant(local, zone = timeZone) {
  const asUTC = Date.parse(`${local}:00Z`);
  const offset = (at) => Date.parse(`${wall(at, zone)}:00Z`) - Math.floor(at / 6e4) * 6e4;
  const guess = asUTC - offset(asUTC);
  return new Date(asUTC - offset(guess)).toISOString();
}
