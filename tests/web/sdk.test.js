/* sdk.test.js - the client as a package: its types hold, what is public is typed, and it knows nothing of our pages. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

const HERE = new URL('.', import.meta.url).pathname;
const SDK = join(HERE, '../../web/sdk');
const require = createRequire(new URL('../e2e/package.json', import.meta.url));
const read = (name) => readFileSync(join(SDK, name), 'utf8');
const modules = readdirSync(SDK).filter((name) => name.endsWith('.js'));

test('programs against it compile, and wrong ones do not', () => {
    const types = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2023,dom,dom.iterable'];
    try {
        execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), ...types, join(HERE, 'sdk_types.ts')], { encoding: 'utf8' });
    } catch (error) {
        assert.fail(error.stdout);
    }
});

test('what is exported is typed, and the other way round', () => {
    const exported = [...read('index.js').matchAll(/^export \{ (.+) \} from/gm)].flatMap(([, names]) => names.split(', ')).sort();
    const typed = [...read('index.d.ts').matchAll(/^export declare (?:class|function|const) (\w+)/gm)].map(([, name]) => name).sort();
    assert.deepEqual([...new Set(typed)], exported);
});

test("a session's public members are typed, and the other way round", () => {
    const internal = ['learn', 'forgetRoom', 'forgetTalk', 'changed', 'media', 'constructor', 'addEventListener', 'removeEventListener']; /* between its own files */
    const members = ['session.js', 'state.js'].flatMap((name) => [...read(name).matchAll(/^ {4}(?:async |get )?([a-z]\w*)(?: = |\()/gmi)])
        .map(([, name]) => name).filter((name) => !internal.includes(name));
    const [, body] = /^export declare class Session extends EventTarget \{\n(.+?)^\}/ms.exec(read('index.d.ts'));
    const typed = [...body.matchAll(/^ {4}(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name).filter((name) => !internal.includes(name));
    assert.deepEqual([...new Set(typed)].sort(), [...new Set(members)].sort());
});

test('it imports nothing from outside, and our pages import nothing else of it', () => {
    for (const name of modules)
        for (const [, from] of read(name).matchAll(/from '(.+?)'/g)) assert.match(from, /^\.\/\w+\.js$/, `${name} imports ${from}`);
    const web = join(SDK, '..');
    for (const name of readdirSync(web, { recursive: true })) {
        if (!name.endsWith('.js') || name.startsWith('sdk/') || name.startsWith('vendor/')) continue;
        for (const [, from] of readFileSync(join(web, name), 'utf8').matchAll(/from '(.+?)'/g))
            if (from.includes('sdk/')) assert.match(from, /sdk\/index\.js$/, `${name} imports ${from}`);
    }
});

test('what npm would publish is what it needs, and no more', () => {
    const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', SDK], { encoding: 'utf8' }));
    assert.deepEqual(files.map(({ path }) => path).sort(), ['README.md', 'index.d.ts', 'package.json', ...modules].sort());
});
