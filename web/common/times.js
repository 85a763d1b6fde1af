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

export const isSameDay = (one_s, other_s) => dateOf(one_s).toDateString() === dateOf(other_s).toDateString();

/* For sentences with {time}: some languages say one o'clock in the singular, "hasta la 1:20", so the hour is their count. */
export function at(unix_s, timeZone) {
    const format = formatter(Intl.DateTimeFormat, { ...TIME, timeZone });
    const hour = format.formatToParts(dateOf(unix_s)).find(({ type }) => type === 'hour').value;
    return { time: format.format(dateOf(unix_s)), count: Number(hour) };
}

/* The same by the clock of another place, if that clock shows another day or hour then; else null. */
export function atElsewhere(unix_s, timeZone) {
    const clock = (zone) => formatter(Intl.DateTimeFormat, { ...DAY, ...TIME, timeZone: zone }).format(dateOf(unix_s));
    return timeZone && clock(timeZone) !== clock(undefined) ? at(unix_s, timeZone) : null;
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

/* 754 -> "12 minutes": whole ones that have gone by. */
export const ago = (seconds) => minutesInWords(Math.floor(seconds / 60));

/* "in 3 days", "in 5 hours", "in 12 minutes" */
export function fromNow(seconds) {
    const [size, unit] = seconds >= 2 * 86400 ? [86400, 'day'] : seconds >= 2 * 3600 ? [3600, 'hour'] : [60, 'minute'];
    return formatter(Intl.RelativeTimeFormat, {}).format(Math.max(0, Math.floor(seconds / size)), unit);
}

/* "Alex and Sam" */
export const namesTogether = (names) => formatter(Intl.ListFormat, { type: 'conjunction' }).format(names);
/* "Dr. Rivera or Dr. Cho" */
export const oneOf = (names) => formatter(Intl.ListFormat, { type: 'disjunction' }).format(names);
/* "microphone, camera" */
export const listed = (things) => formatter(Intl.ListFormat, { type: 'unit', style: 'short' }).format(things);
