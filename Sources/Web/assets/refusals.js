// What a refusal says in the language of its reader. The service explains in English, often better than its codes can; in other languages the codes must
// do, and what has no words stays as it came.

import { has, t, labelOfName } from './i18n.js';
import { state } from './state.js';

const isEnglish = state.language === 'en';

/** What is wrong with one part of the input: `{code, detail}`, of a field where that is known. */
export function fieldWords(one, field) {
  if (isEnglish) return one.detail;
  const general = `refusal.field.${one.code}`;
  if (one.code === 'range' && Number.isInteger(field?.minimum) && Number.isInteger(field?.maximum)) return t('refusal.field.range.between', { from: field.minimum, to: field.maximum });
  const key = [field && `${general}.${field.kind}`, general].find((name) => name && has(name));
  return key ? t(key) : one.detail;
}

/** Why a row of a file was not taken: `{code, detail}`, of the field that its column goes into where that is known. */
export function reasonWords(one, field) {
  if (isEnglish || !one.code) return one.detail;
  const key = [field && `refusal.import.${one.code}.${field.kind}`, `refusal.import.${one.code}`].find((name) => name && has(name));
  if (key) return t(key);
  return !has(`refusal.field.${one.code}`) && has(`refusal.${one.code}`) ? t(`refusal.${one.code}`) : fieldWords(one, field);
}

/** What a whole refusal says: `{code, message, errors}`. */
export function sentence(error) {
  if (error?.code === 'offline') return t('offline.not_sent');
  const errors = error?.errors ?? [];
  const own = error?.message ?? String(error);
  if (isEnglish || !error?.code) return errors.length > 1 ? errors.map((one) => one.detail).join(' ') : own;
  if (errors.length) return [...new Set(errors.map((one) => [placeOf(one), fieldWords(one)].filter(Boolean).join(': ')))].join(' ');
  const key = `refusal.${error.code}`;
  return has(key) ? t(key) : own;
}

/** The last name on the way to what is wrong, as the page calls it. */
const placeOf = (one) => one.pointer?.split('/').filter((part) => part && !/^\d+$/.test(part)).map(labelOfName).findLast(Boolean);
