/* words.test.js - what people read: the same in each language, all of it used, and none of it in the code. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

const WEB = new URL('../../web/', import.meta.url).pathname;
const ts = createRequire(new URL('../e2e/package.json', import.meta.url))('typescript');

const files = readdirSync(WEB, { recursive: true }).filter((name) => !name.startsWith('vendor/')).map((name) => ({ name, path: join(WEB, name) }));
const sources = files.filter(({ name }) => name.endsWith('.js') && !name.startsWith('sdk/'));
const pages = files.filter(({ name }) => name.endsWith('.html'));
const read = ({ path }) => readFileSync(path, 'utf8');
const locales = Object.fromEntries(files.filter(({ name }) => /^locales\/\w+\.json$/.test(name))
    .map((file) => [/(\w+)\.json$/.exec(file.name)[1], JSON.parse(read(file))]));
const languages = Object.keys(locales);

/* A word is a text, or its plurals. */
const isWord = (value) => typeof value === 'string' || 'other' in value && Object.values(value).every((text) => typeof text === 'string') && 'one' in value;

const wordsOf = (value, path = []) => (isWord(value) ? [[path.join('.'), value]]
    : Object.entries(value).flatMap(([name, below]) => wordsOf(below, [...path, name])));

const textsOf = (word) => (typeof word === 'string' ? [word] : Object.values(word));
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join();

/* ---- the tables ---- */

test('each language has the same words', () => {
    assert.deepEqual(languages.sort(), ['en', 'es']);
    const [first, ...others] = languages.map((language) => wordsOf(locales[language]).map(([key]) => key));
    for (const keys of others) assert.deepEqual(keys, first);
});

test('each word has the same placeholders in each language and in each plural, and nothing is empty', () => {
    const english = new Map(wordsOf(locales.en));
    for (const language of languages)
        for (const [key, word] of wordsOf(locales[language])) {
            const wanted = placeholders(textsOf(english.get(key)).at(-1)).replace(/\bcount,?/, '');
            for (const text of textsOf(word)) {
                assert.equal(placeholders(text).replace(/\bcount,?/, ''), wanted, `${language}: ${key}`);
                assert.match(text, /\p{L}/u, `${language}: ${key}`);
            }
        }
});

test('plurals are those that the language has', () => {
    for (const language of languages) {
        const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
        for (const [key, word] of wordsOf(locales[language])) {
            if (typeof word === 'string') continue;
            for (const category of Object.keys(word)) assert.ok(pluralCategories.includes(category), `${language}: ${key} has ${category}`);
        }
    }
});

test('a language is not a copy of another', () => {
    const same = wordsOf(locales.en).filter(([key, word]) => typeof word === 'string' && /\p{L}{3,} \p{L}{2,}/u.test(word)
        && key.split('.').reduce((place, name) => place[name], locales.es) === word);
    assert.deepEqual(same, []);
});

/* ---- their use ---- */

const tree = (file) => ts.createSourceFile(file.name, read(file), ts.ScriptTarget.Latest, true);

/* visit(node, text, isWhole): each literal text; of a template the whole, with a mark where something is filled in. */
const GAP = '\0';

function literalsOf(file, visit) {
    const walk = (node) => {
        if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) visit(node, node.text, true);
        else if (ts.isTemplateExpression(node))
            visit(node, node.head.text + node.templateSpans.map(({ literal }) => GAP + literal.text).join(''), false);
        ts.forEachChild(node, walk);
    };
    walk(tree(file));
}

const SECTIONS = Object.keys(locales.en).join('|');
const KEY = new RegExp(`^(?:${SECTIONS})(?:\\.\\w+)+$`);
const FAMILY = new RegExp(`^(?:${SECTIONS})\\.[\\w.${GAP}]*$`); /* of keys that are put together */
const familyOf = (text) => new RegExp(`^${text.replaceAll('.', '\\.').replaceAll(GAP, '\\w+')}$`);

const used = new Map(); /* key -> file that names it */
const families = []; /* { file, keys: a pattern } */
for (const file of sources)
    literalsOf(file, (node, text, isWhole) => {
        if (isWhole && KEY.test(text)) used.set(text, file.name);
        if (!isWhole && FAMILY.test(text)) families.push({ name: file.name, keys: familyOf(text) });
        /* wordFor(family, code) */
        if (isWhole && ts.isCallExpression(node.parent) && node.parent.expression.getText() === 'wordFor' && node.parent.arguments[0] === node)
            families.push({ name: file.name, keys: familyOf(`${text}.${GAP}`) });
    });
for (const file of pages)
    for (const [, key] of read(file).matchAll(/data-t(?:-\w+)?="([^"]*)"/g)) used.set(key, file.name);

test('each word that is used is there', () => {
    const keys = wordsOf(locales.en).map(([key]) => key);
    for (const [key, name] of used) assert.ok(keys.includes(key), `${name} uses ${key}`);
    for (const { name, keys: family } of families) assert.ok(keys.some((key) => family.test(key)), `${name} uses ${family}`);
});

test('each word that is there is used', () => {
    const unused = wordsOf(locales.en).map(([key]) => key).filter((key) => !used.has(key) && !families.some(({ keys }) => keys.test(key)));
    assert.deepEqual(unused, []);
});

/* Where the server's words for programs end: each code of a refusal that a button can meet has words. */
test('each code with which the server refuses has words for people', () => {
    const forPrograms = ['malformed', 'unknown_type', 'not_text', 'not_joined', 'already_joined', 'already_negotiated'];
    const refusals = [...readFileSync(join(WEB, '../broker/room/refusal.c'), 'utf8').matchAll(/\{ "(\w+)", "/g)].map(([, code]) => code);
    assert.ok(refusals.length > 30);
    assert.deepEqual(refusals.filter((code) => !(code in locales.en.error) && !forPrograms.includes(code)), []);
});

/* ---- no text in the code ---- */

const BRAND = /^(?:Kinroom)?$/;

test('no page has words of its own', () => {
    for (const file of pages) {
        const html = read(file).replace(/<!--.*?-->/gs, '').replace(/<noscript>.*?<\/noscript>/gs, '').replace(/<kbd>.*?<\/kbd>/gs, '');
        for (const [, text] of html.matchAll(/>([^<]*\p{L}[^<]*)</gu)) assert.match(text.trim(), BRAND, `${file.name}: "${text.trim()}"`);
        for (const [, name, text] of html.matchAll(/\s(aria-label|aria-description|title|placeholder|alt|value)="([^"]*)"/g))
            assert.match(text, /^$|^(?:Alt\+)?[A-Z]$|^(?:yes|no)$/, `${file.name}: ${name}="${text}"`);
    }
});

/* What programs say to programs: selectors, names of classes, of things of the platform. */
const PLATFORM = [/^Bearer$/, /^(?:Alt\+|Key)[A-Z]$/, /^\w+Error$/, /^no secure context$/, /^not all$/];
const OF_PLATFORM = ['querySelector', 'querySelectorAll', 'closest', 'matches', 'split', 'matchMedia'];

function isForPrograms(node, text) {
    const { parent } = node;
    if (PLATFORM.some((pattern) => pattern.test(text)) || parent.moduleSpecifier === node) return true;
    if (ts.isCallExpression(parent)) return OF_PLATFORM.includes(parent.expression.name?.text ?? parent.expression.text);
    return ts.isPropertyAssignment(parent) && ['class', 'for'].includes(parent.name.text);
}

/* A capital and more letters, two words beside each other, or what only sentences have. */
const SPEAKS = /^\p{Lu}\p{Ll}|\p{L}{2,} \p{L}{2,}|\p{L}[.!?…]$|[’¿¡]/u;

test('no script has words of its own', () => {
    for (const file of sources)
        literalsOf(file, (node, text) => {
            const said = text.replaceAll(GAP, '').trim();
            if (SPEAKS.test(said) && !KEY.test(said) && !FAMILY.test(said) && !isForPrograms(node, said)) assert.fail(`${file.name}: "${said}"`);
        });
});
