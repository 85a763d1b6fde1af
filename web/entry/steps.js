/* steps.js - how far somebody has come on their way in: "Step 2 of 3". */

import { t } from '../i18n.js';
import { setText } from '../common/dom.js';

/* What there is after pressing Join; nobody else has anything to do before they are in. */
const WAYS = { loved_one: ['preparing', 'waiting'], client: ['locating', 'session'] };

export function renderSteps(session, screen) {
    const way = WAYS[session.role] ?? [];
    const step = way.indexOf(screen);
    for (const node of document.querySelectorAll('[data-step]'))
        setText(node, step < 0 ? '' : t('entry.step', { step: step + 2, steps: way.length + 1 }));
}
