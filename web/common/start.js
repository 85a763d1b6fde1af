/* start.js - what every page begins with: the reader's language, the clinic's name, light or dark, and the two controls for that.
 *
 * The page has in its header [data-clinic] with an image and a .name, and an empty [data-settings]. */

import { LANGUAGES, language, preferredLanguage, rememberLanguage, setLanguage, t } from '../i18n.js';
import { loadClinic, showClinic } from './clinic.js';
import { make, setAttribute } from './dom.js';
import { isDark, onThemeOfSystem, setDark } from './theme.js';

/* Resolves once there are words. redraw: to be called after the language changed. */
export async function startPage(redraw) {
    await Promise.all([setLanguage(preferredLanguage()), loadClinic()]);
    for (const place of document.querySelectorAll('[data-settings]')) place.append(languageControl(redraw), themeControl());
    showClinic();
    document.documentElement.dataset.ready = '';
}

function languageControl(redraw) {
    const select = make('select', { class: 'language', 'data-t-label': 'settings.language', 'aria-label': t('settings.language') },
        ...LANGUAGES.map((code) => make('option', { value: code, lang: code, 'data-t': `languages.${code}` })));
    select.value = language();
    select.addEventListener('change', async () => {
        rememberLanguage(select.value);
        if (!await setLanguage(select.value)) return;
        showClinic();
        redraw();
    });
    return select;
}

function themeControl() {
    const toggle = make('button', { type: 'button', class: 'theme', 'data-t-label': 'settings.dark', 'aria-label': t('settings.dark'),
        'data-t-title': 'settings.dark', title: t('settings.dark') });
    const show = () => setAttribute(toggle, 'aria-pressed', String(isDark()));
    toggle.addEventListener('click', () => { setDark(!isDark()); show(); });
    onThemeOfSystem(show);
    show();
    return toggle;
}
