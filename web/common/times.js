/* times.js - times and lists in words, as the reader's language and region have them. All times are Unix seconds; what is shown is local time. */

import { formatLocale, t } from '../i18n.js';

const made = new Map();

/* Formatters are dear to make, and used each second. */
function formatter(Kind, options) {
    const key = `${Kind.name} ${formatLocale()} ${JSON.stringify(options)}`;
    if (!made.has(key)) made.set(key, new Kind(formatLocale(), options));
    return made.get(key);
}

const TIME = { hour: 'numeric', minute: '2-digit' };
const DAY = { day: 'numeric', month: 'long', ...TIME };

const dateOf = (unix_s) => new Date(unix_s * 1000);

export const timeOfDay = (unix_s) => formatter(Intl.DateTimeFormat, TIME).format(dateOf(unix_s));
export const dayAndTime = (unix_s) => formatter(Intl.DateTimeFormat, DAY).format(dateOf(unix_s));

const isSameDay = (one_s, other_s) => dateOf(one_s).toDateString() === dateOf(other_s).toDateString();

/* "3:05 PM" or, when that is not today, "3 December at 3:05 PM". */
export const timeOrDay = (unix_s, now_s) => (isSameDay(unix_s, now_s) ? timeOfDay : dayAndTime)(unix_s);

/* The same moment by the clock of another place, if that clock shows another hour then; else null. */
export function timeElsewhere(unix_s, timeZone) {
    const there = timeZone && formatter(Intl.DateTimeFormat, { ...DAY, timeZone }).format(dateOf(unix_s));
    return !there || there === dayAndTime(unix_s) ? null : formatter(Intl.DateTimeFormat, { ...TIME, timeZone }).format(dateOf(unix_s));
}

/* For sentences with {time}: some languages say one o'clock in the singular, "hasta la 1:20", so the hour is their count. */
export function at(unix_s) {
    const hour = formatter(Intl.DateTimeFormat, TIME).formatToParts(dateOf(unix_s)).find(({ type }) => type === 'hour').value;
    return { time: timeOfDay(unix_s), count: Number(hour) };
}

/* "3:20", and a text before it: "Sam can see and hear you until 3:20". */
export const untilText = (text, unix_s) => (unix_s ? t('banner.until', { text, ...at(unix_s) }) : text);

/* 754 -> "12:34"; never negative. */
export function countdown(seconds) {
    const whole = Math.max(0, Math.ceil(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

const UNIT = { style: 'unit', unitDisplay: 'long' };

/* 13 -> "13 minutes" */
export const minutesInWords = (count) => formatter(Intl.NumberFormat, { ...UNIT, unit: 'minute' }).format(count);

/* 754 -> "13 minutes", 45 -> "45 seconds". */
export const inWords = (seconds) => (seconds >= 60 ? minutesInWords(Math.round(seconds / 60))
    : formatter(Intl.NumberFormat, { ...UNIT, unit: 'second' }).format(Math.max(0, Math.round(seconds))));

/* "Alex and Sam" */
export const namesTogether = (names) => formatter(Intl.ListFormat, { type: 'conjunction' }).format(names);
/* "Dr. Rivera or Dr. Cho" */
export const oneOf = (names) => formatter(Intl.ListFormat, { type: 'disjunction' }).format(names);
/* "microphone, camera" */
export const listed = (things) => formatter(Intl.ListFormat, { type: 'unit', style: 'short' }).format(things);
