/* agenda.js - the timed steps of a session: which one is on, and what is left of it. */

import { t } from '../i18n.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { countdown, minutesInWords } from '../common/times.js';

export function renderAgenda({ agenda, clock }) {
    const steps = agenda?.steps ?? [];
    byId('agenda').hidden = steps.length === 0;
    keyed(byId('agenda-steps'), steps.map((step, at) => ({ step, at })), ({ step, at }) => `${at} ${step.title}`,
        () => make('li', {}, make('span', { class: 'title' }), ' ', make('span', { class: 'role' })),
        (node, { step, at }) => {
            const isOn = agenda.current === at;
            const left_s = isOn && agenda.step_ends ? agenda.step_ends - clock.now() : null;
            setAttribute(node, 'aria-current', isOn ? 'step' : null);
            setText(node.firstElementChild, step.title);
            setText(node.lastElementChild, left_s === null ? minutesInWords(step.minutes)
                : left_s > 0 ? t('room.left', { left: countdown(left_s) }) : t('agenda.time_is_up'));
        });
}

/* What is worth saying when the agenda moves; '' for the rest. */
export function agendaText({ steps, current }) {
    return steps[current] ? t('agenda.now', { title: steps[current].title, minutes: minutesInWords(steps[current].minutes) }) : '';
}
