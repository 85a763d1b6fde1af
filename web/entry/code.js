/* code.js - the page where a device's one-time code is typed. */

import { t } from '../i18n.js';
import { byId, setText } from '../common/dom.js';
import { countdown } from '../common/times.js';

const DIGITS = 6;
const AGAIN_S = 30; /* the server sends no other within it */

/* As people paste it: with spaces, a hyphen, or the words around it, which may hold other numbers. */
const AS_PASTED = new RegExp(`(?:^|\\D)((?:\\d[\\s-]?){${DIGITS - 1}}\\d)(?!\\d)`);
const digitsOf = (text) => (AS_PASTED.exec(text)?.[1] ?? text).replace(/\D/g, '');

/* The code; null, and the field says so, when it can't be one. */
export function codeTyped() {
    const field = byId('code');
    const digits = digitsOf(field.value);
    field.setCustomValidity(digits.length === DIGITS ? '' : t('code.wrong_length', { count: DIGITS }));
    return field.reportValidity() ? digits : null;
}

/* All six are there: it goes on by itself, as the page says. A code that did not reach the server is sent again by hand. */
export function startCode() {
    byId('code').addEventListener('input', ({ target, inputType }) => {
        const isErasing = inputType?.startsWith('delete');
        target.setCustomValidity(''); /* what was said of fewer digits */
        if (digitsOf(target.value).length === DIGITS && !isErasing) byId('code-form').requestSubmit(byId('code-send'));
    });
}

export function renderCode(session, isNew) {
    if (isNew) byId('code').value = '';
    const left_s = AGAIN_S - (Date.now() - session.codeAskedAt_ms) / 1000;
    const again = byId('code-again');
    again.disabled = left_s > 0;
    setText(again, left_s > 0 ? t('code.again_in', { left: countdown(left_s) }) : t('code.again'));
}
