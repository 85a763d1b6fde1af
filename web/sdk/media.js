/* media.js - the one RTCPeerConnection of a stay: one offer, one answer, in the order of PROTOCOL.md.
 *
 * Knows nothing of the socket: what the server has to be asked goes through `ask`. When the path is lost it looks for another, which leaves
 * keys, tracks and numbers as they are. The owner closes it. */

export const SOURCES = ['mic', 'camera', 'screen'];

/* The camera goes out in layers, low to high, each at two frame rates: whoever has little bandwidth gets less of it, and nobody else does. A
 * machine with few processors has enough to do with two of them. */
const isStrong = (navigator.hardwareConcurrency ?? 2) > 4;
const layer = (rid, scaleResolutionDownBy, maxBitrate) => ({ rid, scaleResolutionDownBy, maxBitrate, maxFramerate: 30, scalabilityMode: 'L1T2' });
const CAMERA = isStrong
    ? [layer('q', 4, 150_000), layer('h', 2, 500_000), layer('f', 1, 1_500_000)] /* of 720 lines */
    : [layer('h', 2, 200_000), layer('f', 1, 900_000)]; /* of 360 */
export const CAMERA_SIZE = isStrong ? { width: 1280, height: 720 } : { width: 640, height: 360 };

/* The order of the offer's sending sections is the contract: microphone, camera, screen. */
const SENDING = [
    { source: 'mic', kind: 'audio', encodings: [{}] },
    { source: 'camera', kind: 'video', encodings: CAMERA },
    { source: 'screen', kind: 'video', encodings: [{ maxBitrate: 1_500_000, maxFramerate: 15 }] },
];

/* What the broker forwards, if the clinic takes it. Leaving the rest out, other profiles too, keeps an offer of a dozen sections far below the
 * message limit. */
const CODECS = {
    audio: { 'audio/red': /^/, 'audio/opus': /^/ },
    video: {
        'video/vp8': /^/, 'video/h264': /^(?=.*packetization-mode=1)(?=.*profile-level-id=42)/i, 'video/vp9': /^(?!.*profile-id=[1-9])/,
        'video/av1': /^(?!.*profile=[1-9])/, 'video/rtx': /^/,
    },
};

/* A path that is silent for a moment often comes back by itself; one that can't be mended is given up, and the stay with it. */
const MEND_AFTER_MS = 2000;
const MEND_EACH_MS = 3000;
const MEND_MOST_MS = 15000;
const LOOK_EACH_MS = 500;

export class Media {
    pc;
    link = null; /* how the server calls what we agreed on, once we did */
    isLost = false; /* no path was found in time */
    #ask;
    #changed;
    #answer = null;
    #isMending = false;
    #mended_ms = 0;
    #lostPath_ms = null; /* since when there is no path */
    #timer = null;

    /* ask: a request to the server, resolves with its reply. changed(media): its state is another. */
    constructor({ slots, iceServers, ask, changed }) {
        const pc = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' });
        this.pc = pc;
        this.#ask = ask;
        this.#changed = () => changed(this);
        pc.onconnectionstatechange = this.#changed;
        pc.oniceconnectionstatechange = () => this.#look();
        for (const { kind, encodings } of SENDING)
            prefer(pc.addTransceiver(kind, { direction: 'sendonly', sendEncodings: encodings }), kind);
        for (const kind of ['audio', 'video'])
            for (let slot = 0; slot < slots[kind]; slot++)
                prefer(pc.addTransceiver(kind, { direction: 'recvonly' }), kind);
    }

    /* One offer for the whole stay. No trickle: the server is ICE-lite and learns our addresses from our checks. */
    async negotiate() {
        await this.pc.setLocalDescription();
        const answer = await this.#ask({ type: 'offer', sdp: this.pc.localDescription.sdp });
        await this.pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
        this.#answer = answer.sdp;
        this.link = answer.link;
    }

    /* ICE anew (RFC 8445 9), without SDP: only the four credentials are others. Asked for twice, it happens once. */
    async mend() {
        if (this.#isMending || !this.link) return;
        this.#isMending = true;
        this.#mended_ms = Date.now();
        try {
            if (this.pc.signalingState !== 'stable') await this.pc.setLocalDescription({ type: 'rollback' }); /* the last one had no reply */
            this.pc.restartIce();
            await this.pc.setLocalDescription();
            const { ufrag, pwd } = await this.#ask({ type: 'restart_ice', ...credentialsOf(this.pc.localDescription.sdp) });
            await this.pc.setRemoteDescription({ type: 'answer', sdp: withCredentials(this.#answer, ufrag, pwd) });
        } catch {
            /* The socket is gone, or it was too early: while there is no path we look again. */
        } finally {
            this.#isMending = false;
        }
    }

    #look() {
        clearTimeout(this.#timer);
        const state = this.pc.iceConnectionState;
        if (state !== 'disconnected' && state !== 'failed') {
            this.#lostPath_ms = null;
            return;
        }
        const now_ms = Date.now();
        this.#lostPath_ms ??= now_ms;
        if (now_ms - this.#lostPath_ms > MEND_MOST_MS) {
            this.isLost = true;
            this.#changed();
            return;
        }
        const isTime = state === 'failed' || now_ms - this.#lostPath_ms >= MEND_AFTER_MS;
        if (isTime && now_ms - this.#mended_ms >= MEND_EACH_MS) this.mend();
        this.#timer = setTimeout(() => this.#look(), LOOK_EACH_MS);
    }

    get isReady() {
        return this.pc.connectionState === 'connected';
    }

    /* For good: the path, or what ICE can't mend. */
    get hasFailed() {
        return this.isLost || (this.pc.connectionState === 'failed' && (!this.link || this.pc.iceConnectionState !== 'failed'));
    }

    /* What arrives on this section, or null. */
    trackAt(mid) {
        return this.pc.getTransceivers().find((transceiver) => transceiver.mid === mid)?.receiver.track ?? null;
    }

    /* All audio slots' tracks: they keep their track whoever is on them. */
    get audioTracks() {
        return this.pc.getTransceivers()
            .filter((transceiver) => transceiver.direction === 'recvonly' && transceiver.receiver.track.kind === 'audio')
            .map((transceiver) => transceiver.receiver.track);
    }

    /* track: null for nothing. */
    async send(source, track) {
        const place = SENDING.findIndex((entry) => entry.source === source);
        const { sender } = this.pc.getTransceivers()[place];
        await sender.replaceTrack(track);
        if (source === 'camera' && track) await sizeAnew(sender);
    }

    close() {
        clearTimeout(this.#timer);
        this.pc.close();
    }
}

/* Every live section of an offer has the same. */
const credentialsOf = (sdp) => ({ ufrag: /^a=ice-ufrag:(\S+)/m.exec(sdp)[1], pwd: /^a=ice-pwd:(\S+)/m.exec(sdp)[1] });

const withCredentials = (sdp, ufrag, pwd) => sdp.replace(/^(a=ice-ufrag:)\S+/gm, `$1${ufrag}`).replace(/^(a=ice-pwd:)\S+/gm, `$1${pwd}`);

/* Firefox, which knows no scalability modes, sends every layer of VP9 at the lowest one's size until that size changes, if by a line. */
async function sizeAnew(sender) {
    const parameters = sender.getParameters();
    const [lowest] = parameters.encodings;
    if (!lowest || 'scalabilityMode' in lowest) return;
    const { scaleResolutionDownBy: whole } = CAMERA[0];
    lowest.scaleResolutionDownBy = lowest.scaleResolutionDownBy === whole ? whole + 0.001 : whole;
    await sender.setParameters(parameters).catch(() => {}); /* half a picture is one, too */
}

function prefer(transceiver, kind) {
    const codecs = RTCRtpReceiver.getCapabilities(kind).codecs.filter(({ mimeType, sdpFmtpLine = '' }) =>
        CODECS[kind][mimeType.toLowerCase()]?.test(sdpFmtpLine));
    transceiver.setCodecPreferences?.(codecs);
}
