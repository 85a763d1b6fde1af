/* texts.js - what a loved one reads before they wait, by version and language, as the server has it. */

import { Refused } from './refused.js';

/* text: 'guidance' or 'notice'; language: a code such as 'es' or 'es-419'. The answer's own language is English where there is no other. */
export async function loadText(text, { version, language, server = location.origin }) {
    const reply = await fetch(`${server}/texts/${text}/${encodeURIComponent(version)}?lang=${encodeURIComponent(language)}`)
        .catch(() => { throw new Refused('unreachable'); });
    if (!reply.ok) throw new Refused('no_text');
    return reply.json();
}
