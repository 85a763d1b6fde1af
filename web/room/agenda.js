/* agenda.js - the timed steps of a session: which one is on, and what is left of it. */

import { t } from '../i18n.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { countdown, minutesInWords } from '../common/times.js';

export function renderAgenda(session) {
    const { agenda, clock } = session;
    const steps = agenda?.steps ?? [];
    byId('agenda').hidden = steps.length === 0;
    keyed(byId('agenda-steps'), steps.map((step, at) => ({ step, at })), ({ step, at }) => `${at} ${step.title}`,
        () => make('li', {}, make('span', { class: 'title' }), ' ', make('span', { class: 'role' }), make('progress', { 'aria-hidden': 'true' })),
        (node, { step, at }) => {
            const isOn = agenda.current === at;
            const left_s = isOn && agenda.step_ends ? agenda.step_ends - clock.now() : null;
            setAttribute(node, 'aria-current', isOn ? 'step' : null);
            const [title, left, bar] = node.children;
            setText(title, step.title);
            bar.hidden = left_s === null;
            bar.value = left_s === null ? 0 : Math.min(1, Math.max(0, 1 - left_s / (60 * step.minutes)));
            setText(left, left_s === null ? minutesInWords(step.minutes)
                : left_s > 0 ? t('room.left', { left: countdown(left_s) }) : t('agenda.time_is_up'));
        });
    renderNext(session, steps);
}

/* What is left once it is through; and to the therapist, what the button goes on to. */
function renderNext({ agenda, room, clock }, steps) {
    const isOver = Boolean(agenda?.ended_at);
    const next = isOver || !agenda ? null : steps[agenda.current === null ? 0 : agenda.current + 1] ?? null;
    setText(byId('agenda-note'), isOver && room ? t('agenda.over', { over: countdown(clock.now() - agenda.ended_at), left: countdown(room.closes_at - clock.now()) }) : '');
    byId('next-step').disabled = isOver;
    setText(byId('next-step'), isOver ? t('agenda.through') : agenda?.current === null && next ? t('agenda.begin', { title: next.title })
        : next ? t('agenda.next', { title: next.title }) : t('agenda.finish'));
}

/* What is worth saying when the agenda moves; '' for the rest. */
export function agendaText({ steps, current }) {
    return steps[current] ? t('agenda.now', { title: steps[current].title, minutes: minutesInWords(steps[current].minutes) }) : '';
}
