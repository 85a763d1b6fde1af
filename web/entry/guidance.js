/* guidance.js - what a loved one reads before they wait: guidance and the notice about passing things on, each by its version, as the server
 * has them.
 *
 * Somebody acknowledges what they read: the versions whose texts stand on the page at that moment, and no others. */

import { language, t } from '../i18n.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { loadText } from '../sdk/index.js';

const TEXTS = ['guidance', 'notice'];

/* What is on the page: { versions, language, state: 'loading' | 'shown' | 'failed', parts }. */
let page = null;

const isOf = (versions) => page && TEXTS.every((text) => page.versions[text] === versions[text]);

/* In the reader's language, where there is one. */
async function load(text, version, wanted) {
    const { language: spoken, parts } = await loadText(text, { version, language: wanted });
    return parts.map((part, at) => ({ ...part, spoken, key: `${text} ${version} ${spoken} ${at}` }));
}

async function open(versions) {
    const ours = page = { versions, language: language(), state: 'loading', parts: [] };
    try {
        const texts = await Promise.all(TEXTS.map((text) => load(text, versions[text], ours.language)));
        Object.assign(ours, { state: 'shown', parts: texts.flat() });
    } catch {
        ours.state = 'failed';
    }
    if (ours === page) draw();
}

function draw() {
    const { state, parts } = page;
    keyed(byId('guidance'), parts, ({ key }) => key, ({ spoken, title, points }) => make('div', { lang: spoken },
        make('h2', {}, title), make('ul', {}, ...points.map((point) => make('li', {}, point)))), () => {});
    setText(byId('guidance-state'), state === 'shown' ? '' : t(`guidance.state.${state}`));
    setAttribute(byId('guidance'), 'data-texts', state);
    byId('acknowledge').hidden = state !== 'shown';
    byId('texts-again').hidden = state !== 'failed';
}

/* The versions that the page shows, or null while it shows none, or older ones than the session now asks for. */
export const shownVersions = (welcome) => (page?.state === 'shown' && isOf(welcome) ? page.versions : null);

export function renderGuidance({ welcome: { guidance, notice } }) {
    if (!isOf({ guidance, notice }) || page.language !== language()) open({ guidance, notice });
    draw();
}

export const loadAgain = ({ welcome: { guidance, notice } }) => open({ guidance, notice });
