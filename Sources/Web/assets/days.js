// Reckoning with calendar days written `2026-11-30`, which are the same everywhere; no zone has a part in it.

const DAY = 864e5;
const parse = (day) => Date.parse(`${day}T00:00:00Z`);
const write = (time) => new Date(time).toISOString().slice(0, 10);

export const addDays = (day, count) => write(parse(day) + count * DAY);
export const daysBetween = (from, to) => Math.round((parse(to) - parse(from)) / DAY);
/** 0 is Sunday. */
export const weekday = (day) => new Date(parse(day)).getUTCDay();
export const monthOf = (day) => day.slice(0, 7);

/** The same day some months on; the last of a shorter month. */
export function addMonths(day, count) {
  const [year, month, date] = day.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate();
  return write(Date.UTC(year, month - 1 + count, Math.min(date, last)));
}

const names = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
/** The first day of a week that begins on `start`, a name as in the settings. */
export const startOfWeek = (day, start = 'monday') => addDays(day, -((weekday(day) - Math.max(0, names.indexOf(start)) + 7) % 7));

/** `count` days from the first. */
export const run = (first, count) => Array.from({ length: count }, (_, index) => addDays(first, index));
export const weekOf = (day, start) => run(startOfWeek(day, start), 7);

/** Whole weeks that hold the month of a day. */
export function monthDays(day, start) {
  const first = startOfWeek(`${monthOf(day)}-01`, start);
  const last = addDays(addMonths(`${monthOf(day)}-01`, 1), -1);
  return run(first, Math.ceil((daysBetween(first, last) + 1) / 7) * 7);
}

/** `2026-11-30T09:00` some minutes on, on the wall: a day has 1,440 of them. */
export function addMinutes(local, minutes) {
  return new Date(Date.parse(`${local}:00Z`) + minutes * 6e4).toISOString().slice(0, 16);
}
export const minutesOf = (local) => Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16));
