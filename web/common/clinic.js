/* clinic.js - whose pages these are: name, logo and phone number, as the server is configured; without that, neutral words. */

import { fillAlways, t } from '../i18n.js';
import { make, setText } from './dom.js';

let clinic = { name: null, phone: null, logo: null };

fillAlways({ clinic: () => clinic.name ?? t('clinic.neutral') });

/* Nobody has to wait for it, and without it all goes on. */
export async function loadClinic() {
    const reply = await fetch('/clinic.json').catch(() => null);
    if (reply?.ok) clinic = await reply.json();
}

/* A number to call, as a link: digits and a plus only. */
export const telOf = (phone) => `tel:${phone.replace(/[^\d+]/g, '')}`;

/* Into the header, and wherever the page offers to call. */
export function showClinic() {
    for (const brand of document.querySelectorAll('[data-clinic]')) {
        if (clinic.name) setText(brand.querySelector('.name'), clinic.name);
        brand.querySelector('img').src = clinic.logo ?? '/icon.svg';
    }
    for (const place of document.querySelectorAll('[data-clinic-call]')) {
        place.hidden = !clinic.phone;
        if (clinic.phone) place.replaceChildren(make('span', {}, t('clinic.call')), ' ', make('a', { href: telOf(clinic.phone) }, clinic.phone));
    }
}
