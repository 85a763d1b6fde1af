/* Messages that are not right in every way: refused, and the room is as it was. A therapist sends them, who may do all that they ask for;
 * another therapist, the client and an admitted loved one look on. */

import { Caller } from '../caller.js';
import { equal } from '../check.js';

const VALID = {
    offer: { sdp: 'v=0' },
    media: { mic: true, camera: true, screen: true },
    agree: { participant: 'p-sam', yes: false },
    admit: { participant: 'p-kim', minutes: 5 },
    step_out: { participant: 'p-sam' },
    remove: { participant: 'p-sam' },
    mute: { participant: 'p-client', mic: true, camera: true, screen: true },
    extend: { minutes: 5 },
    end: {},
    leave: {},
    join: { token: 'x', proof: 'x', move: true },
};
const OPTIONAL = new Set(['admit minutes', 'join proof', 'join move']);
const WRONG = { string: [5, null, ['p-sam'], {}, ''], number: ['5', 5.5, 0, -1, 1e99, true], boolean: [1, 'true', null, []] };

const text = (type, fields) => JSON.stringify({ type, ...fields });
const without = (fields, key) => Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
const twice = (type, fields, key) => text(type, fields).replace(/}$/, `,"${key}":${JSON.stringify({ type, ...fields }[key])}}`);

/* Each request with each of its keys wrong, doubled or missing, and with a key too many. */
function* misshapen() {
    for (const [type, fields] of Object.entries(VALID)) {
        yield text(type, { ...fields, please: true });
        yield twice(type, fields, 'type');
        for (const [key, value] of Object.entries(fields)) {
            yield twice(type, fields, key);
            if (!OPTIONAL.has(`${type} ${key}`)) yield text(type, without(fields, key));
            for (const wrong of WRONG[typeof value]) yield text(type, { ...fields, [key]: wrong });
        }
    }
    for (const id of [0, -1, 4294967296, '1', 1.5, null, true, [1]]) yield text('end', { id });
    yield '{"type":"end","id":1,"id":2}';
    yield text('step_out', { participant: 'p-sam', everyone: true });
    yield text('step_out', { everyone: false });
    for (const participant of ['p-sam ', 'p/sam', 'p'.repeat(65), '.sam', 'p-säm']) yield text('remove', { participant });
}

const whole = text('end', {});

function* notJson() {
    for (let length = 0; length < whole.length; length++) yield whole.slice(0, length);
    yield* ['null', 'true', '5', '"end"', '[]', `[${whole}]`, whole + whole, `${whole} x`, `x${whole}`, `${whole},`, "{'type':'end'}",
        '{type:"end"}',
        '{"type":"end",}', '/**/{"type":"end"}', `\ufeff${whole}`, `${whole}\0`, '{"type":"end\\u0000"}', '{"type":"end\\ud800"}',
        '{"type":"end","\\u0000":1}',
        `{"type":"end","id":${'9'.repeat(400)}}`, '{"type":"end","id":NaN}', '{"type":null}', '{"type":["end"]}', '{"Type":"end"}', '{}'];
    yield* ['[', '{"type":', '{"type":"end","a":['].map((open) => open.repeat(Math.floor(65000 / open.length)));
    yield `${'['.repeat(30000)}${']'.repeat(30000)}`;
    yield `{"type":"end","deep":${'['.repeat(1500)}${']'.repeat(1500)}}`;
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]])
        yield Buffer.concat([Buffer.from('{"type":"end'), Buffer.from(bytes), Buffer.from('"}')]);
}

const UNKNOWN = ['END', 'end ', ' end', '', 'welcome', 'done', 'roster', 'seat', 'constructor', '__proto__', '%s%n',
    'ende'].map((type) => text(type, {}));

/* A room in the middle of things: a loved one in, one waiting, media on, somebody muted. */
class Scene {
    static async set(broker) {
        const scene = new Scene();
        scene.broker = broker;
        const join = (...who) => Caller.join(broker, ...who);
        scene.therapist = await join('p-therapist', 'therapist');
        scene.client = await join('p-client', 'client');
        scene.sam = await join('p-sam', 'loved_one');
        scene.kim = await join('p-kim', 'loved_one');
        scene.sender = await join('p-colleague', 'therapist');
        for (const [who, request] of [[scene.client, { type: 'agree', participant: 'p-sam', yes: true }],
            [scene.therapist, { type: 'admit', participant: 'p-sam', minutes: 10 }], [scene.sam, { type: 'media', mic: true, camera: true,
            screen: false }],
            [scene.client, { type: 'media', mic: true, camera: false, screen: false }],
            [scene.therapist, { type: 'mute', participant: 'p-sam', mic: false, camera: true, screen: false }]])
            equal((await who.ask(request)).type, 'done', `the reply to ${request.type}`);
        return scene;
    }

    get audience() {
        return [this.therapist, this.client, this.sam, this.kim];
    }

    /* What was to be told about the past has been told: each socket keeps its order, and so does the room. */
    async settled() {
        for (const who of this.audience) equal((await who.ask({ type: 'join', token: 'x' })).code, 'already_joined', 'a word in between');
    }

    /* The sender comes anew, and so without the media of before. */
    static #asRead(roster) {
        return JSON.stringify({ ...roster, people: roster.people.map((one) => (one.participant === 'p-colleague' ? { ...one, link: 'none' } : one)) });
    }

    /* While `work` goes on, nobody is told anything; and afterwards the room reads as before to a therapist who comes anew. */
    async unchangedBy(work) {
        await this.settled();
        const before = this.therapist.last('roster');
        const counts = this.audience.map((who) => who.heard.length);
        await work();
        await this.settled();
        for (const [i, who] of this.audience.entries()) {
            equal(who.heard.slice(counts[i], -1).map((message) => message.text).join('\n'), '', 'what the others were told');
        }
        this.sender.hangUp();
        await this.therapist.hears('the sender is gone', ({ said }) => said.type === 'roster', counts[0]);
        this.sender = await Caller.join(this.broker, 'p-colleague', 'therapist');
        const after = await this.sender.hears('a whole roster', ({ said }) => said.type === 'roster');
        equal(Scene.#asRead(after), Scene.#asRead(before), 'the roster');
    }
}

let scene;

const refusedAs = (code, messages) => scene.unchangedBy(async () => {
    for (const message of messages) {
        const reply = await scene.sender.refusal(message);
        equal(reply.code, code, `the answer to ${message.toString().slice(0, 120)}`);
    }
});

export const tests = {
    async 'before joining nothing else is done'(broker) {
        const caller = await Caller.dial(broker);
        for (const [type, fields] of Object.entries(VALID).filter(([name]) => name !== 'join'))
            equal((await caller.ask({ type, ...fields })).code, 'not_joined', `the answer to ${type}`);
        for (const message of ['{', '', '{"type":"join","token":5}', '{"type":"join","token":"x","token":"y"}', '[['.repeat(30000)])
            equal((await caller.refusal(message)).code, 'malformed', `the answer to ${message.slice(0, 40)}`);
        equal((await caller.refusal('{"type":"hello"}')).code, 'unknown_type', 'the answer to hello');
        equal((await caller.ask({ type: 'join', token: broker.token('p-sam', 'loved_one') })).type, 'done',
            'the answer to a join after all that');
        caller.hangUp();
    },

    async 'requests with a key that is wrong, doubled, missing or too many change nothing'(broker) {
        scene = await Scene.set(broker);
        await refusedAs('malformed', misshapen());
    },

    async 'what is not one JSON object in valid UTF-8 changes nothing'() {
        await refusedAs('malformed', notJson());
    },

    async 'unknown types change nothing'() {
        await refusedAs('unknown_type', UNKNOWN);
    },

    async 'a second join changes nothing, whoever it is for'() {
        const tokens = ['x', scene.broker.token('p-colleague', 'therapist'), scene.broker.token('p-sam', 'loved_one')];
        await refusedAs('already_joined', tokens.flatMap((of) => [text('join', { token: of }), text('join', { token: of, move: true })]));
    },

    async 'offers that are none change nothing, and a good one is still taken'() {
        const garbage = ['v=0', 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n', 'm='.repeat(29000), '\r\n'.repeat(14000),
            `v=0\r\n${'m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n'.repeat(1500)}`];
        await refusedAs('bad_offer', garbage.map((sdp) => text('offer', { sdp })));
        await refusedAs('too_long', [text('offer', { sdp: 'a'.repeat(60001) })]);
        await scene.sender.negotiate();
        equal((await scene.sender.ask({ type: 'offer', sdp: 'v=0' })).code, 'already_negotiated', 'the answer to a second offer');
    },

    async 'requests about nobody, or beyond the rules, change nothing'() {
        await refusedAs('unknown_participant', ['admit', 'step_out', 'remove'].map((type) => text(type, { participant: 'p-nobody' })));
        await refusedAs('not_allowed', [text('agree', VALID.agree)]);
        await refusedAs('client_has_not_agreed', [text('admit', VALID.admit)]);
    },

    async 'the very same requests, well made, are done'() {
        equal((await scene.sender.ask({ type: 'step_out', participant: 'p-sam' })).type, 'done', 'the reply to step_out');
        await scene.sam.hears('the seat', ({ said }) => said.seat === 'stepped_out');
        equal((await scene.sender.ask({ type: 'end' })).type, 'done', 'the reply to end');
        for (const who of [...scene.audience, scene.sender]) await who.isClosed(1000, 'ended');
        const late = await Caller.dial(scene.broker);
        equal((await late.ask({ type: 'join', token: scene.broker.token('p-sam', 'loved_one') })).code, 'session_over',
            'the reply after the end');
        await late.isClosed(1000, 'session_over');
    },
};
