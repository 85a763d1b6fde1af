/* words.js - every sentence that depends on the state, in one place: codes of the protocol to plain words. */

import { dayAndTime, inWords, timeOfDay } from './times.js';

/* A loved one may always say that they would rather not; an interpreter is at work. */
const mayDecline = ({ role }) => (role === 'loved_one' ? ['decline', 'leave'] : ['leave']);

/* The screens without tiles. lines(session) -> sentences; actions, or actions(session), name buttons of BUTTONS. */
export const CARDS = {
    no_link: {
        title: 'This page needs your personal link',
        lines: () => ['Please open the link that you were sent. If you no longer have it, ask the clinic for a new one.'],
    },
    joining: {
        title: 'Joining…',
        lines: () => ['Making a safe connection. Your camera and microphone are off.'],
    },
    retrying: {
        title: 'Connecting again…',
        lines: () => ['The connection was lost. Nobody can hear or see you meanwhile. We keep trying; you need not do anything.'],
    },
    elsewhere: {
        title: 'You are already here on another device or tab',
        lines: () => ['You can move to this one. The other one then stops.'],
        actions: ['move'],
    },
    bad_link: {
        title: 'This link or code can’t be used',
        lines: () => [
            'Nobody can hear or see you.',
            'Please open the newest link that you were sent: an older one stops working once there is a newer.',
            'If you were sent codes, type the newest one: an older one no longer works.',
            'If it goes on like this, please call the clinic. They can send you a new link.',
        ],
        actions: ['try-again'],
    },
    waiting: {
        title: (session) => `Hello ${session.welcome.name}, you are in the waiting room`,
        lines: (session) => [
            'Your therapist will let you in.',
            'Nobody can hear or see you yet, and you can’t hear or see anybody.',
            whenItStarts(session),
            session.mediaReady ? 'Your connection is ready.' : 'Your connection is being made ready…',
        ],
        actions: mayDecline,
    },
    admitting: {
        title: 'One moment, you are being let in',
        lines: () => ['Nobody can hear or see you yet. Your camera and microphone are off; you turn them on yourself.'],
        actions: ['leave'],
    },
    stepped_out: {
        title: 'You have stepped out',
        lines: (session) => [
            SEAT_REASONS[session.seat.reason],
            'Nobody can hear or see you. Your therapist can let you back in.',
            session.mediaReady ? 'Your connection is ready.' : 'Your connection is being made ready…',
        ],
        actions: mayDecline,
    },
    suspended: {
        title: 'One moment, please',
        lines: (session) => [
            SEAT_REASONS[session.seat.reason] ?? 'The session is paused.',
            'Nobody can hear or see you meanwhile. Please stay here; this goes on by itself or your therapist lets you back in.',
        ],
        actions: ['leave'],
    },
    left: {
        title: 'You have left',
        lines: () => ['Nobody can hear or see you. Your camera and microphone are off.'],
        actions: ['rejoin'],
    },
    moved: {
        title: 'You moved to another device or tab',
        lines: () => ['This one has stopped. Nobody can hear or see you here.'],
        actions: ['move'],
    },
    removed: {
        title: 'Your part in this session has ended',
        lines: () => ['Nobody can hear or see you. If you have questions, please call the clinic.'],
    },
    revoked: {
        title: 'Your part in this session has ended',
        lines: () => ['Nobody can hear or see you. Thank you for being there. If you have questions, please call the clinic.'],
    },
    ended: {
        title: 'The session has ended',
        lines: () => ['Nobody can hear or see you. You can close this page.'],
    },
    token_expired: {
        title: 'Your link has run out',
        lines: () => ['Nobody can hear or see you. Please ask the clinic for a new link.'],
    },
    refused: {
        title: 'You can’t join with this link',
        lines: (session) => [ERRORS[session.overReason] ?? 'Please ask the clinic for help.'],
        actions: ['rejoin'],
    },
};

export const BUTTONS = {
    'try-again': 'Try again',
    move: 'Move here',
    rejoin: 'Join again',
    leave: 'Leave',
    decline: 'I’d rather not take part',
};

/* Neutral on purpose: a loved one needn't learn whose decision it was. */
export const SEAT_REASONS = {
    segment_over: 'The time set for your part has passed.',
    grant_expired: 'The permission for this visit has ended.',
    therapist_lost: 'The therapist’s connection was lost.',
    client_lost: 'The connection to the others was lost.',
    connection_lost: 'Your connection was lost for a moment.',
};

/* Codes of `error`, and why a session is over. */
const ERRORS = {
    unreachable: 'Kinroom can’t be reached just now. Nothing is lost: please check your connection and try again.',
    busy: 'Too much is going on just now. Nothing is lost: please try again in a moment.',
    source_taken: 'Your microphone or camera stopped, perhaps because of a call. Turn it on again when you are ready.',
    no_device_key: 'This browser can’t keep this link safe. Please try a current Chrome, Firefox, Edge or Safari.',
    no_media: 'This browser could not set up sound and video. Please try a current Chrome, Firefox, Edge or Safari.',
    too_many_messages: 'The connection was closed because this page sent too much. Please join again.',
    NotAllowedError: 'The browser did not allow it. Please allow camera and microphone for this page, then try again.',
    NotFoundError: 'No such device was found. Please plug it in or choose another, then try again.',
    NotReadableError: 'Another program is using this device. Please close it, then try again.',
    NotSupportedError: 'This browser can’t use a camera or microphone here.',
    malformed: 'That message could not be read.',
    unknown_type: 'That is not something this server knows.',
    too_long: 'That message is too long.',
    not_text: 'Only text messages are understood here.',
    not_joined: 'Join first.',
    already_joined: 'You have joined already.',
    bad_token: 'This link does not open a session. Please ask the clinic for a new one.',
    already_connected: 'You are connected from another device or window. You can move here.',
    session_over: 'This session is over.',
    not_allowed: 'You can’t do that in this session.',
    unknown_participant: 'There is nobody like that in this session.',
    wrong_state: 'That is not possible right now.',
    bad_offer: 'Your browser’s media offer could not be used.',
    already_negotiated: 'Media was negotiated already.',
    full: 'There is no free place.',
    stale_version: 'What you read has changed since. Please read it once more.',
    not_enabled: 'The therapist has not turned that on for you.',
    ledger_unavailable: 'This can’t be recorded right now, so nobody is let in. Please try again in a moment.',
    grant_other_topic: 'The permission for this person does not cover what this session is about.',
    grant_client_absent: 'The permission for this person asks for the client to be there.',
    extension_refused: 'The session still ends when it was to end.',
    denied: 'They were removed from this session.',
    role_not_admitted: 'People in this role are not let in one by one.',
    kind_not_supported: 'Nobody can be let in to this kind of session.',
    not_connected: 'They are not connected.',
    room_not_open: 'The session is not open.',
    no_therapist: 'No therapist is connected.',
    no_client: 'The client is not connected.',
    client_has_not_agreed: 'The client has not said yes to this portion.',
    no_grant: 'There is no permission on file for this person.',
    grant_not_yet: 'The permission for this person has not begun yet.',
    grant_expired: 'The permission for this person has ended.',
    grant_withdrawn: 'The permission for this person was withdrawn.',
    grant_other_kind: 'The permission for this person is not for this kind of session.',
    too_little_time: 'Too little time is left for this portion.',
};

export const errorText = (error) =>
    ERRORS[error.name] ?? ERRORS[error.code] ?? 'That did not work. Please try again.';

/* may_admit -> why the button is off. */
const WHY_NOT = {
    denied: () => 'was removed from this session',
    role_not_admitted: () => 'can’t be let in to this session',
    kind_not_supported: () => 'can’t be let in to this kind of session',
    not_connected: () => 'is not connected',
    room_not_open: () => 'can come in once the session is open',
    no_therapist: () => 'can come in once a therapist is connected',
    no_client: (client) => `can come in once ${client} is connected`,
    client_has_not_agreed: (client) => `can come in once ${client} says yes`,
    no_grant: (client) => `can’t come in: ${client} has given no permission`,
    grant_not_yet: () => 'can’t come in yet: the permission starts later',
    grant_expired: () => 'can’t come in: the permission has ended',
    grant_withdrawn: () => 'can’t come in: the permission was withdrawn',
    grant_other_topic: () => 'can’t come in: the permission is for other topics',
    grant_client_absent: (client) => `can come in once ${client} is here: the permission asks for that`,
    ledger_unavailable: () => 'can’t be let in just now: the session’s record can’t be written',
    grant_other_kind: () => 'can’t come in: the permission is for another kind of session',
    too_little_time: () => 'can’t come in: too little time is left',
    full: () => 'can come in once a place is free',
};

export const whyNot = (code, name, client) => `${name} ${(WHY_NOT[code] ?? (() => 'can’t be let in just now'))(client)}.`;

const MODES = {
    full: { may: 'May see, hear, speak and show themselves', now: 'can see and hear you' },
    audio: { may: 'May hear and speak', now: 'can hear you' },
    watch: { may: 'May see and hear', now: 'can see and hear you' },
    listen: { may: 'May hear', now: 'can hear you' },
};

/* How a loved one may choose to take part, the most first. */
export const PARTS = {
    full: 'See, hear, speak and show myself',
    audio: 'Hear and speak, no camera',
    watch: 'Only see and hear',
    listen: 'Only hear',
};

export const nowText = (person) =>
    `${person.name} ${(MODES[person.mode] ?? MODES.full).now}${person.until ? ` until ${timeOfDay(person.until)}` : ''}`;

const NAMES = new Intl.ListFormat('en', { type: 'conjunction' });

/* For the loved one: who they are with. */
export function seenByText(others, { mode, until }) {
    const names = NAMES.format(others.map((person) => person.name));
    const only = { listen: 'hear', watch: 'see and hear' }[mode];
    const who = only ? `You only ${only}${names && ` ${names}`}; nobody sees or hears you`
        : names ? `${names} can see and hear what you turn on` : 'What you turn on can be seen and heard';
    return who + (until ? ` until ${timeOfDay(until)}` : '');
}

export function grantText(person) {
    if (!MODES[person.mode]) return '';
    return MODES[person.mode].may + (person.grant_until ? `. Permission ends ${dayAndTime(person.grant_until)}.` : '.');
}

export const ROLES = { client: 'Client', therapist: 'Therapist', loved_one: 'Loved one', interpreter: 'Interpreter', admin: 'Clinic' };

const SEATS = {
    preparing: 'is reading the guidance',
    admitting: 'is being let in',
    declined: 'would rather not take part today',
    revoked: 'is no longer part of this session',
    waiting: 'is in the waiting room',
    admitted: 'is in the session',
    stepped_out: 'has stepped out',
    suspended: 'was interrupted',
    left: 'has left',
    removed: 'was removed',
    present: 'is here',
};

const SAID_WHEN_GONE = ['left', 'removed', 'revoked', 'declined', 'suspended'];

export function seatText(person) {
    if (!person.connected && !SAID_WHEN_GONE.includes(person.seat)) return 'not connected';
    const text = SEATS[person.seat] ?? '';
    return person.seat === 'admitted' && person.until ? `${text} until ${timeOfDay(person.until)}` : text;
}

/* To therapists: how far this person's one-time code got. */
const CODES = {
    sent: 'A code was sent to them.',
    failed: 'A wrong code was typed: somebody else may hold this link.',
    passed: 'Their code was right.',
};

export const codeText = (person) => CODES[person.code] ?? '';

/* To therapists: where help for this client would have to go. Nothing for anybody else. */
export function placeText(person) {
    if (person?.address === undefined) return '';
    return person.address ? `Is at: ${person.address}. Call back: ${person.phone}` : 'Has not said yet where they are.';
}

/* What the therapist may turn on for one person. */
export const ENABLE_NAMES = { mic: 'microphone', camera: 'camera', screen: 'sharing the screen', chat: 'messages', others: 'seeing the others' };

export const SOURCE_NAMES = { mic: 'microphone', camera: 'camera', screen: 'screen' };

export const sendingText = (person) => `${person.sending.map((source) => SOURCE_NAMES[source]).join(', ') || 'nothing'} on`;

export const ROOM_NOTES = {
    scheduled: (session) => `${whenItStarts(session)} Nobody can hear or see anybody until then.`,
    lobby: (session) => `${whenItStarts(session)} Nobody can hear or see anybody until a therapist opens it.`,
    paused: () => 'The therapist’s connection was lost. Nobody can hear or see anybody until a therapist is back.',
    closing: () => 'The session is closing.',
};

export function whenItStarts(session) {
    if (!session.room) return '';
    const early_s = session.room.opens_at - session.clock.now();
    const at = timeOfDay(session.room.opens_at);
    if (early_s > 0) return `The session starts at ${at}, in ${inWords(early_s)}.`;
    if (session.room.state === 'open') return `The session began at ${at}.`;
    return -early_s < 60 ? `The session was to start at ${at}.` : `The session was to start at ${at}. It is ${inWords(-early_s)} late.`;
}

/* before, now: this person's roster entries. What is worth saying, or null. */
export function changeText(before, now) {
    const name = (now ?? before).name;
    const was = before && isIn(before);
    const is = now && isIn(now);
    if (is && !was) return { text: `${name} has joined.`, chime: 'arrival' };
    if (was && !is) return { text: `${name} ${DEPARTURES[now?.seat] ?? 'is no longer connected'}.`, chime: 'departure' };
    if (isWaiting(now) && !isWaiting(before)) return { text: `${name} is in the waiting room.`, chime: 'arrival' };
    if (now?.hand && !before?.hand) return { text: `${name} has raised a hand.`, chime: 'hand' };
    return null;
}

const DEPARTURES = { stepped_out: 'has stepped out', left: 'has left', removed: 'was removed', suspended: 'was interrupted',
                     declined: 'has chosen to stop taking part', revoked: 'is no longer part of this session' };
const isWaiting = (person) => Boolean(person) && person.connected && person.seat === 'waiting';

/* May be heard or seen at this moment. */
export const isIn = (person) => person.connected && (person.seat === 'present' || person.seat === 'admitted');
export const isGuest = (person) => person.role === 'loved_one' || person.role === 'interpreter';
