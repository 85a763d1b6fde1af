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
const DAY = { day: 'numeric', month: 'long' };

const dateOf = (unix_s) => new Date(unix_s * 1000);

export const timeOfDay = (unix_s) => formatter(Intl.DateTimeFormat, TIME).format(dateOf(unix_s));
/* Not by one formatter: some join the two by words that are wrong at one o'clock. */
export const dayAndTime = (unix_s) => `${formatter(Intl.DateTimeFormat, DAY).format(dateOf(unix_s))}, ${timeOfDay(unix_s)}`;

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
/* "microphone, camera" */
export const listed = (things) => formatter(Intl.ListFormat, { type: 'unit', style: 'short' }).format(things);
