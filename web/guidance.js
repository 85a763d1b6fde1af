/* guidance.js - what a loved one reads before they wait: guidance and the notice about passing things on, each by its version.
 *
 * Somebody acknowledges what they read: a version that this page has no text for can't be acknowledged on it. An old version keeps its text. */

import { byId, keyed, make } from './dom.js';

const GUIDANCE = {
    '2026-1': [
        { title: 'What to expect', points: [
            'You wait until the therapist lets you in, for a part of the session. Until then nobody can see or hear you.',
            'While you are in, every screen shows who can see and hear, and until when. You, the therapist and the person in treatment '
                + 'can each stop it at any moment.',
            'Some moments may be hard. That is normal, and the therapist is there to help.',
        ] },
        { title: 'How to talk with each other', points: [
            'Speak for yourself: “I was worried” reaches further than “you always”.',
            'Listen to the end, and ask when you are not sure what was meant.',
            'Short is fine. Silence is fine too.',
        ] },
        { title: 'How to support', points: [
            'Without judgement: recovery has ups and downs, and a setback is not a failure.',
            'Without taking over: you can care about somebody’s recovery, but you can’t do it for them. Caring for yourself helps both of you.',
        ] },
        { title: 'It is your choice', points: [
            'You can take part less: by sound only, or only watching or listening. You can also not take part at all. '
                + 'You need not give a reason, and nothing bad follows.',
        ] },
    ],
};

const NOTICES = {
    '2026-1': [
        { title: 'Please keep it private', points: [
            '42 CFR part 2 prohibits unauthorized use or disclosure of these records.',
            'In plain words: what you see and hear here is about somebody’s treatment, and the law doesn’t allow passing it on '
                + 'unless their written consent or the law itself permits it.',
        ] },
    ],
};

const STALE = [{ title: 'This page is out of date', points: ['The texts have changed since it was loaded. Please reload it and read them again.'] }];

const versionsOf = ({ guidance, notice }) => ({ guidance, notice });

/* The versions that this page shows, or null when it has no text for one of them. */
export function shownVersions(welcome) {
    const known = Object.hasOwn(GUIDANCE, welcome.guidance) && Object.hasOwn(NOTICES, welcome.notice);
    return known ? versionsOf(welcome) : null;
}

export function renderGuidance({ welcome }) {
    const versions = shownVersions(welcome);
    const parts = versions ? [...GUIDANCE[versions.guidance], ...NOTICES[versions.notice]] : STALE;
    keyed(byId('guidance'), parts, (part) => `${welcome.guidance} ${welcome.notice} ${part.title}`,
        ({ title, points }) => make('div', {}, make('h2', {}, title), make('ul', {}, ...points.map((point) => make('li', {}, point)))), () => {});
    byId('acknowledge').hidden = !versions;
    byId('reload').hidden = Boolean(versions);
}
