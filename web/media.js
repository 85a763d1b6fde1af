/* media.js - the one RTCPeerConnection of a stay: one offer, one answer, in the order of PROTOCOL.md.
 *
 * Knows nothing of the socket: what the server has to be asked goes through `ask`. The owner closes it. */

export const SOURCES = ['mic', 'camera', 'screen'];

/* The order of the offer's sending sections is the contract: microphone, camera, screen. */
const SENDING = [
    { source: 'mic', kind: 'audio', encoding: {} },
    { source: 'camera', kind: 'video', encoding: { maxBitrate: 900_000, maxFramerate: 30 } },
    { source: 'screen', kind: 'video', encoding: { maxBitrate: 1_500_000, maxFramerate: 15 } },
];

/* What the broker forwards. Leaving the rest out keeps an offer of a dozen sections far below the message limit. */
const CODECS = { audio: ['audio/red', 'audio/opus'], video: ['video/vp8', 'video/rtx'] };

export class Media {
    pc;
    #ask;

    /* ask: a request to the server, resolves with its reply. changed(media): its state is another. */
    constructor({ slots, ask, changed }) {
        const pc = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' });
        this.pc = pc;
        this.#ask = ask;
        pc.onconnectionstatechange = () => changed(this);
        for (const { kind, encoding } of SENDING)
            prefer(pc.addTransceiver(kind, { direction: 'sendonly', sendEncodings: [encoding] }), kind);
        for (const kind of ['audio', 'video'])
            for (let slot = 0; slot < slots[kind]; slot++)
                prefer(pc.addTransceiver(kind, { direction: 'recvonly' }), kind);
    }

    /* One offer for the whole stay. No trickle: the server is ICE-lite and learns our addresses from our checks. */
    async negotiate() {
        await this.pc.setLocalDescription();
        const answer = await this.#ask({ type: 'offer', sdp: this.pc.localDescription.sdp });
        await this.pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    }

    get isReady() {
        return this.pc.connectionState === 'connected';
    }

    get hasFailed() {
        return this.pc.connectionState === 'failed';
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
    send(source, track) {
        const place = SENDING.findIndex((entry) => entry.source === source);
        return this.pc.getTransceivers()[place].sender.replaceTrack(track);
    }

    close() {
        this.pc.close();
    }
}

function prefer(transceiver, kind) {
    const codecs = RTCRtpReceiver.getCapabilities(kind).codecs.filter((codec) => CODECS[kind].includes(codec.mimeType.toLowerCase()));
    transceiver.setCodecPreferences?.(codecs);
}
