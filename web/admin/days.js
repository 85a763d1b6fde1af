/* days.js - days and weeks of the reader's own time zone. */

import { formatLocale } from '../i18n.js';

const format = (date, options) => new Intl.DateTimeFormat(formatLocale(), options).format(date);

export const startOfDay = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
export const addDays = (date, days) => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
/* Days, and not 24 hours: the clocks change on some. */
export const daysOf = (from, count) => Array.from({ length: count }, (_, i) => addDays(from, i));

/* Weeks begin where the reader's region has it; browsers that don't tell: on Monday. */
export function startOfWeek(date) {
    const locale = new Intl.Locale(formatLocale());
    const first = (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
    return addDays(date, -((date.getDay() - first + 7) % 7));
}

export const secondsOf = (date) => Math.floor(date.getTime() / 1000);
export const dayName = (date) => format(date, { weekday: 'long', day: 'numeric', month: 'long' });
export const dayRange = (from, to) => new Intl.DateTimeFormat(formatLocale(), { day: 'numeric', month: 'long', year: 'numeric' }).formatRange(from, to);
export const zoneName = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

const two = (number) => String(number).padStart(2, '0');
/* As date and time fields have it. */
export const dateField = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
export const timeField = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;
export const fromFields = (date, time) => new Date(`${date}T${time}`);
