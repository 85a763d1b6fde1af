/* i18n.js - words in the reader's language. All that people read comes from locales/LANGUAGE.json, of which only one is loaded.
 *
 * A word is named by its place in that file, 'room.title'. Placeholders are `{name}`. A word with a number in it has its plurals beside each other,
 * {"one": ..., "other": ...}, of which `count` chooses (Intl.PluralRules). In HTML, data-t names the text of an element, and data-t-label,
 * data-t-title and data-t-placeholder its attributes; what scripts write they write anew on each drawing, so a switch needs no reload. */

import { keep, kept } from './common/kept.js';

export const LANGUAGES = ['en', 'es'];

const STORED = 'kinroom.language';
const ATTRIBUTES = { 'data-t-label': 'aria-label', 'data-t-title': 'title', 'data-t-placeholder': 'placeholder' };
const AGAIN_MS = 1000;

let words = {};
let plurals = null;
let locale = LANGUAGES[0]; /* of times and lists: with the reader's region, if they have one in this language */
const always = {};

export const language = () => document.documentElement.lang;
export const formatLocale = () => locale;

/* Placeholders that any sentence may have; a function is asked each time. */
export const fillAlways = (args) => Object.assign(always, args);

const wordAt = (key) => key.split('.').reduce((place, name) => place?.[name], words);

export const hasWord = (key) => wordAt(key) !== undefined;

/* The sentence. A word that is not there shows as its name. */
export function t(key, args = {}) {
    const word = wordAt(key) ?? key;
    const text = typeof word === 'string' ? word : word[plurals.select(args.count)] ?? word.other;
    return text.replace(/\{(\w+)\}/g, (whole, name) => {
        const value = args[name] ?? always[name] ?? whole;
        return typeof value === 'function' ? value() : value;
    });
}

/* Fills in what the HTML names. */
export function translate(root = document) {
    for (const node of root.querySelectorAll('[data-t]')) {
        const text = t(node.dataset.t);
        if (node.textContent !== text) node.textContent = text;
    }
    for (const [mark, attribute] of Object.entries(ATTRIBUTES))
        for (const node of root.querySelectorAll(`[${mark}]`)) node.setAttribute(attribute, t(node.getAttribute(mark)));
}

/* What the reader chose here before, else the first of their browser's languages that we have. */
export function preferredLanguage() {
    const wanted = [kept(STORED), ...navigator.languages].filter(Boolean).map((tag) => tag.split('-')[0]);
    return wanted.find((tag) => LANGUAGES.includes(tag)) ?? LANGUAGES[0];
}

export function rememberLanguage(chosen) {
    keep(STORED, chosen);
}

/* Without words there is nothing to say to anybody: it is tried until it works. */
async function load(chosen) {
    for (;;) {
        const reply = await fetch(new URL(`locales/${chosen}.json`, import.meta.url)).catch(() => null);
        if (reply?.ok) return reply.json();
        await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
}

let latest = null;
const read = {}; /* language -> its words: who goes back to it needs no network */

/* Whether it is this language now: another may have been chosen meanwhile. */
export async function setLanguage(chosen) {
    latest = chosen;
    const loaded = read[chosen] ??= await load(chosen);
    if (latest !== chosen) return false;
    words = loaded;
    plurals = new Intl.PluralRules(chosen);
    locale = navigator.languages.find((tag) => tag.split('-')[0] === chosen) ?? chosen;
    document.documentElement.lang = chosen;
    translate();
    return true;
}
