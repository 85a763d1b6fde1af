/* sdk_types.ts - what programs write against @kinroom/client, as the compiler sees it. Lines after @ts-expect-error must not compile. */

import { Refused, SOURCES, Session, capture, isLink, linkFrom, loadText, takeLink } from '../../web/sdk/index.js';
import type { Mode, Person, Seat } from '../../web/sdk/index.js';

const link = takeLink() ?? linkFrom('i=x', { server: 'https://video.example.org' });
if (!link) throw new Error('no link');
const session = new Session(link);

async function guidance(language: string): Promise<string[]> {
    if (!session.welcome) return [];
    const { guidance: version, notice } = session.welcome;
    const text = await loadText('guidance', { version, language });
    await session.request({ type: 'acknowledge', guidance: version, notice });
    return text.parts.flatMap((part) => part.points);
}

const others = (): Person[] => session.roster.filter((person) => person.participant !== session.me && person.connected);
const seatOf = (person: Person): Seat => person.seat;
const allowed: Mode[] = session.seat?.modes ?? [];

session.addEventListener('change', () => {
    for (const person of others()) if (seatOf(person) === 'admitted') session.trackOf(person.participant, 'camera')?.stop();
});
session.addEventListener('refusal', (event) => console.log(event.detail.code));
session.addEventListener('said', ({ detail }) => {
    if (detail.type === 'warning') console.log(detail.seconds_left.toFixed());
    if (detail.type === 'chat') console.log(detail.text.trim());
});

async function main(): Promise<void> {
    session.join({ move: isLink(location.hash.slice(1)) });
    await session.giveCode('123456');
    await session.send('camera', await capture('camera', null));
    for (const source of SOURCES) if (session.maySend(source)) await session.send(source, null);
    await session.request({ type: 'step_out', participant: session.me ?? '' }).catch((error: unknown) => {
        if (error instanceof Refused) console.log(error.code);
    });
    console.log(await guidance('es'), allowed, session.clock.now() + 1);
    session.close();
}

// @ts-expect-error a request that the protocol does not have
session.request({ type: 'open_gate' });
// @ts-expect-error not both
session.request({ type: 'step_out', everyone: true, participant: 'p-1' });
// @ts-expect-error a source that is none
session.send('smell', null);
// @ts-expect-error what the server said is not for pages to change
session.roster = [];
// @ts-expect-error may be null
session.welcome.name.trim();

main();
