/* extending.js - to a therapist: who is asked whether the session may be longer, and how long they have to answer. */

import { t } from '../i18n.js';
import { byId, setText } from '../common/dom.js';
import { countdown, minutesInWords, namesTogether } from '../common/times.js';

export function renderExtending({ extension, role, roster, clock }) {
    const isAsked = role === 'therapist' && extension !== null;
    const names = isAsked ? roster.filter(({ participant }) => extension.waits_for.includes(participant)).map(({ name }) => name) : [];
    setText(byId('extending'), names.length
        ? t('extension.asking', { names: namesTogether(names), minutes: minutesInWords(extension.minutes), count: names.length }) : '');
    /* Apart, and not read aloud: it changes each second. */
    setText(byId('extending-left'), names.length ? t('extension.asking_left', { left: countdown(extension.until - clock.now()) }) : '');
}
