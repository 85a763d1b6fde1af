/* index.d.ts - the types of @kinroom/client. Times are Unix seconds by the server's clock (Session.clock) unless a name ends in _ms.
 * signaling/PROTOCOL.md says what each message means. */

/* ---- words of the protocol ---- */

export type Source = 'mic' | 'camera' | 'screen';
export type Role = 'client' | 'therapist' | 'loved_one' | 'interpreter' | 'admin';
export type Kind = 'individual' | 'family' | 'workshop' | 'check_in' | 'discharge' | 'group';
/** How much a loved one takes part: hears; sees and hears; hears and speaks; all. */
export type Mode = 'listen' | 'watch' | 'audio' | 'full';
export type Seat = 'invited' | 'absent' | 'preparing' | 'declined' | 'waiting' | 'admitting' | 'admitted' | 'stepped_out' | 'suspended'
    | 'left' | 'revoked' | 'removed' | 'present';
export type RoomState = 'scheduled' | 'lobby' | 'open' | 'paused' | 'closing' | 'closed';
export type Enabled = 'mic' | 'camera' | 'screen' | 'chat' | 'others';
export type ChatTo = 'everyone' | 'therapist';

/* ---- what the server says ---- */

export interface Welcome {
    type: 'welcome';
    participant: string;
    role: Role;
    name: string;
    session: string;
    kind: Kind;
    slots: { audio: number; video: number };
    /** Versions in force of the texts that a loved one reads first. */
    guidance: string;
    notice: string;
    resumed: boolean;
    ice: RTCIceServer[];
}

export interface Room {
    type: 'room';
    state: RoomState;
    opens_at: number;
    closes_at: number;
    now: number;
}

/** Where I am. */
export interface MySeat {
    type: 'seat';
    seat: Seat;
    reason: string | null;
    may_send: Source[];
    until: number | null;
    modes: Mode[];
    mode: Mode | null;
}

export interface Person {
    participant: string;
    role: Role;
    name: string;
    seat: Seat;
    connected: boolean;
    sending: Source[];
    muted: Source[];
    agreed: boolean;
    until: number | null;
    hand: boolean;
    enabled: Enabled[];
    /** Whose loved one this is. */
    client: string | null;
    /** To therapists, beside loved ones and interpreters: 'yes', or why not. */
    may_admit?: string;
    mode?: Mode;
    grant_until?: number;
    /** To therapists: what came of the last one-time code. */
    code?: 'none' | 'sent' | 'failed' | 'passed';
    /** To therapists, beside clients; null until confirmed. */
    address?: string | null;
    phone?: string | null;
}

export interface Slot {
    mid: string;
    participant: string;
    source: Source;
    /** My path does not take the picture just now. */
    paused?: boolean;
}

export interface Agenda {
    type: 'agenda';
    steps: { title: string; minutes: number }[];
    /** Counts from 0; null before it has begun and after its end. */
    current: number | null;
    step_ends: number | null;
}

export interface MissingClient {
    type: 'missing_client';
    participant: string;
    address: string | null;
    phone: string | null;
    alarm_at: number;
    reached: boolean | null;
    alarm: boolean;
}

export interface Extension {
    type: 'extension';
    minutes: number;
    by: string;
    until: number;
}

export interface Alert {
    type: 'alert' | 'link_trouble';
    participant: string;
    name: string;
    /** When it came. */
    at: number;
}

export interface ChatLine {
    type: 'chat';
    serial: number;
    from: string;
    name: string;
    to: ChatTo;
    text: string;
}

/** What comes as the detail of 'said'. */
export type Said =
    | Agenda
    | MissingClient
    | { type: 'missing_client'; participant: null }
    | Omit<Alert, 'at'>
    | Extension
    | { type: 'extension'; minutes: null }
    | Omit<ChatLine, 'serial'>
    | { type: 'warning'; seconds_left: number };

/* ---- what is asked of it ---- */

export type Request =
    | { type: 'acknowledge'; guidance: string; notice: string }
    | { type: 'decline' }
    | { type: 'locate'; address: string; phone: string }
    | { type: 'take_part'; mode: Mode }
    | { type: 'agree'; participant: string; yes: boolean }
    | { type: 'admit'; participant: string; minutes?: number }
    | { type: 'step_out'; participant: string; everyone?: undefined }
    | { type: 'step_out'; everyone: true; participant?: undefined }
    | { type: 'remove'; participant: string }
    | { type: 'mute'; participant: string; mic: boolean; camera: boolean; screen: boolean }
    | { type: 'enable'; participant: string; mic: boolean; camera: boolean; screen: boolean; chat: boolean; others: boolean }
    | { type: 'chat'; to: ChatTo; text: string }
    | { type: 'hand'; up: boolean }
    | { type: 'next_step' }
    | { type: 'reached'; yes: boolean }
    | { type: 'alert' }
    | { type: 'extend'; minutes: number }
    | { type: 'allow_extension'; yes: boolean }
    | { type: 'end' }
    | { type: 'leave' };

export interface Done {
    type: 'done';
    id: number;
}

/** What the server refused, by its code; or 'connection_lost', 'unreachable', 'busy', 'source_taken', 'no_device_key', 'no_text'. */
export declare class Refused extends Error {
    constructor(code: string);
    readonly code: string;
}

/* ---- links ---- */

export interface LinkOptions {
    /** The origin of the server, such as https://video.example.org; the page's own by default. */
    server?: string;
}

/** What somebody opened, and what becomes the token that they join with. */
export interface Link {
    readonly server: string;
    /** Null until the door is open. */
    readonly token: string | null;
    /** Whether it is open; else a code is on its way. */
    open(): Promise<boolean>;
    giveCode?(code: string): Promise<void>;
    proof(nonce: string): Promise<string | undefined>;
    readonly takesOver: boolean;
    renew(): boolean;
}

/** From what stands behind the # of a link. */
export declare function linkFrom(fragment: string, options?: LinkOptions): Link | null;
export declare function isLink(fragment: string): boolean;
/** The page's own: taken out of the address bar and the history, and kept for reloads of this tab. */
export declare function takeLink(options?: LinkOptions): Link | null;
export declare function forgetLink(): void;

/* ---- the session ---- */

export type Phase = 'idle' | 'connecting' | 'code' | 'joined' | 'retrying' | 'elsewhere' | 'over';

export interface Clock {
    now(): number;
}

export interface SessionEvents {
    change: Event;
    said: CustomEvent<Said>;
    refusal: CustomEvent<Refused>;
}

export declare class Session extends EventTarget {
    /** Without a link, joining is `over` at once: 'bad_token'. */
    constructor(link: Link | null);

    readonly phase: Phase;
    /** A close reason, or an error's code. */
    readonly overReason: string | null;
    readonly codeAskedAt_ms: number;

    readonly welcome: Welcome | null;
    readonly room: Room | null;
    readonly seat: MySeat | null;
    readonly roster: readonly Person[];
    readonly slots: ReadonlyMap<string, Slot>;
    readonly speaker: string | null;
    readonly agenda: Agenda | null;
    readonly missing: MissingClient | null;
    readonly extension: Extension | null;
    readonly alerts: ReadonlyMap<string, Alert>;
    readonly chat: readonly ChatLine[];
    readonly clock: Clock;
    /** Rises with each span in which my media may flow. */
    readonly stay: number;
    /** What I send. */
    readonly tracks: Readonly<Record<Source, MediaStreamTrack | null>>;

    readonly me: string | null;
    readonly role: Role | null;
    readonly mine: Person | null;
    /** A client or therapist, who needs no admission. */
    readonly isHost: boolean;
    readonly isLive: boolean;
    readonly isResuming: boolean;
    readonly isReturning: boolean;
    readonly mediaReady: boolean;
    /** For statistics. */
    readonly pc: RTCPeerConnection | null;
    /** One for each audio slot. They stay when a slot changes hands: play each by an element of its own. */
    readonly audioTracks: readonly MediaStreamTrack[];

    join(options?: { move?: boolean }): void;
    giveCode(code: string): Promise<void>;
    anotherCode(): Promise<void>;
    /** The page is done; a seat is left by { type: 'leave' }. */
    close(): void;
    request(message: Request): Promise<Done>;
    /** The session owns the track from here on and stops it. */
    send(source: Source, track: MediaStreamTrack | null): Promise<void>;
    maySend(source: Source): boolean;
    isPaused(participant: string, source: Source): boolean;
    trackOf(participant: string, source: Source): MediaStreamTrack | null;
    answered(): void;
    seen(alert: string): void;

    addEventListener<Name extends keyof SessionEvents>(type: Name, listener: (event: SessionEvents[Name]) => void,
        options?: boolean | AddEventListenerOptions): void;
    addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
    removeEventListener<Name extends keyof SessionEvents>(type: Name, listener: (event: SessionEvents[Name]) => void,
        options?: boolean | EventListenerOptions): void;
    removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/* ---- beside it ---- */

export declare const SOURCES: readonly Source[];
/** What a camera is best asked for on this machine. */
export declare const CAMERA_SIZE: { readonly width: number; readonly height: number };
/** One live track; rejects with the browser's DOMException. */
export declare function capture(source: Source, deviceId?: string | null): Promise<MediaStreamTrack>;

export interface Text {
    text: 'guidance' | 'notice';
    version: string;
    /** May be another than was asked for. */
    language: string;
    title: string;
    parts: { title: string; points: string[] }[];
}

export declare function loadText(text: 'guidance' | 'notice', options: { version: string; language: string; server?: string }): Promise<Text>;
