/* numbers.js - numbers as the reader's language has them. */

import { formatLocale, t } from '../i18n.js';

const number = (value, options) => new Intl.NumberFormat(formatLocale(), options).format(value);

export const whole = (value) => number(value, { maximumFractionDigits: 0 });
/* 0.53 -> "0.5 %"; null, where nobody told anything -> a dash. */
export const percent = (value) => (value === null || value === undefined ? t('admin.unknown') : number(value / 100, { style: 'percent', maximumFractionDigits: value < 10 ? 1 : 0 }));
/* Bits a second -> "12.4 Mbit/s" */
export const megabits = (bits) => t('admin.mbit', { value: number(bits / 1e6, { maximumFractionDigits: bits < 1e8 ? 1 : 0 }) });
