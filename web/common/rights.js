/* rights.js - what the page offers to whom, by kind of session and role: as much of section 2 of the domain model as a page needs.
 *
 * It only hides what can never work. The broker decides, and what it refuses is shown in plain words. */

/* What the therapist may turn on for one person; the rest is settled by kind, role and permission. */
const ENABLED_BY_THERAPIST = {
    individual: { client: ['screen'] },
    family: { client: ['screen'], loved_one: ['screen'] },
    workshop: { client: ['screen'], loved_one: ['mic', 'camera', 'chat', 'others'] },
    check_in: { client: ['screen'] },
    discharge: { client: ['screen'] },
    group: { client: ['screen', 'chat'] },
};

export const ENABLES = ['mic', 'camera', 'screen', 'chat', 'others'];

export const enablesFor = (kind, role) => ENABLED_BY_THERAPIST[kind]?.[role] ?? [];

/* Whom a person may write to; everybody else to everyone or to the therapist. */
const CHAT_TO = {
    workshop: { loved_one: ['therapist'] },
    check_in: { loved_one: [] },
};
const CHAT_TO_BY_ROLE = { therapist: ['everyone', 'therapist'], interpreter: [], admin: [] };

export const chatTo = ({ welcome }) =>
    CHAT_TO_BY_ROLE[welcome.role] ?? CHAT_TO[welcome.kind]?.[welcome.role] ?? ['everyone', 'therapist'];

/* Chat is there, but the therapist has not turned it on for me. */
export const chatIsOff = ({ welcome, mine }) =>
    enablesFor(welcome.kind, welcome.role).includes('chat') && !mine?.enabled?.includes('chat');

/* The therapist may make the session longer: alone, or once the clients who are there say yes. A check-in has its end. */
const ASKED_BEFORE_EXTENDING = ['individual', 'family', 'discharge'];

export const mayExtend = ({ welcome }) => welcome.kind !== 'check_in';
export const asksBeforeExtending = ({ welcome }) => ASKED_BEFORE_EXTENDING.includes(welcome.kind);

/* What a loved one may show at most, by how they take part. */
const MODE_SOURCES = { listen: [], watch: [], audio: ['mic'] };

/* Whether the button for a source makes sense at all, now or later in this session. */
export const offersSource = (session, source) => MODE_SOURCES[session.seat?.mode]?.includes(source) ?? true;

/* Somebody whom a therapist could let in. */
export const mayComeIn = ({ seat }) => ['waiting', 'stepped_out', 'suspended'].includes(seat);
