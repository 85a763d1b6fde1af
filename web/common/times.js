/* times.js - times in words. All times are Unix seconds; what is shown is the reader's local time. */

const TIME = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' });

export const timeOfDay = (unix_s) => TIME.format(new Date(unix_s * 1000));
export const dayAndTime = (unix_s) => DAY.format(new Date(unix_s * 1000));

/* 754 -> "12:34"; never negative. */
export function countdown(seconds) {
    const whole = Math.max(0, Math.ceil(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/* 754 -> "13 minutes", 45 -> "45 seconds". */
export function inWords(seconds) {
    const [count, unit] = seconds >= 60 ? [Math.round(seconds / 60), 'minute'] : [Math.max(0, Math.round(seconds)), 'second'];
    return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
