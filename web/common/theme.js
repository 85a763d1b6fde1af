/* theme.js - light or dark: as the reader's system has it, until they choose here. styles/dark.css is either there or not. */

import { keep, kept } from './kept.js';

const STORED = 'kinroom.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

const chosen = () => kept(STORED);

export const isDark = () => (chosen() ? chosen() === 'dark' : system.matches);

function apply() {
    const media = { dark: 'all', light: 'not all' }[chosen()] ?? system.media;
    for (const sheet of document.querySelectorAll('link[data-theme="dark"]')) if (sheet.media !== media) sheet.media = media;
}

export function setDark(yes) {
    keep(STORED, yes ? 'dark' : 'light');
    apply();
}

export const onThemeOfSystem = (changed) => system.addEventListener('change', changed);

apply();
