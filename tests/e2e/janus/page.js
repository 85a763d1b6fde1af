/* page.js - the least that a VideoRoom of Janus needs: one publishes, one subscribes, with our page's own picture, rates and codecs.
 *
 * `window.janus`: { publish(kinds, simulcast), view() }, and the `pc` on which the other's picture comes. */

const ROOM = 1;
const KEEP_ALIVE_MS = 25000;
const CAPTURE = {
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 30, max: 30 } },
};
const ONE_LAYER = [{ maxBitrate: 900_000, maxFramerate: 30 }];
const TWO_LAYERS = [{ rid: 'l', scaleResolutionDownBy: 2, maxBitrate: 200_000 }, { rid: 'h', maxBitrate: 900_000, maxFramerate: 30 }];

/* One session over one WebSocket; a handle is one connection to the room. */
class Janus {
    #socket;
    #session = null;
    #next = 1;
    #answers = new Map(); /* transaction -> { done, fail } */
    #events = []; /* from the room, not asked for yet */
    #waiting = [];

    async open() {
        const { port } = await (await fetch('janus-port')).json();
        this.#socket = new WebSocket(`wss://${location.hostname}:${port}`, 'janus-protocol');
        this.#socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
        await new Promise((done, fail) => Object.assign(this.#socket, { onopen: done, onerror: fail }));
        this.#session = (await this.ask({ janus: 'create' })).data.id;
        setInterval(() => this.ask({ janus: 'keepalive' }), KEEP_ALIVE_MS);
    }

    /* What a message leads to is an event, which may come before the 'ack' of the same transaction. */
    #hear(said) {
        if (said.janus === 'event') {
            this.#events.push(said);
            return this.#waiting.splice(0).forEach((look) => look());
        }
        const answer = this.#answers.get(said.transaction);
        this.#answers.delete(said.transaction);
        if (said.janus === 'error') answer?.fail(new Error(said.error.reason));
        else answer?.done(said);
    }

    ask(message) {
        const transaction = String(this.#next++);
        this.#socket.send(JSON.stringify({ ...message, transaction, ...(this.#session && { session_id: this.#session }) }));
        return new Promise((done, fail) => this.#answers.set(transaction, { done, fail }));
    }

    async attach() {
        return (await this.ask({ janus: 'attach', plugin: 'janus.plugin.videoroom' })).data.id;
    }

    /* Sends a message to the room, and gives the first event of this handle that `wanted` takes. */
    async tell(handle, body, jsep, wanted) {
        await this.ask({ janus: 'message', handle_id: handle, body, ...(jsep && { jsep }) });
        return this.event(handle, wanted);
    }

    async event(handle, wanted) {
        for (;;) {
            const at = this.#events.findIndex((event) => event.sender === handle && wanted(event));
            if (at >= 0) return this.#events.splice(at, 1)[0];
            const refused = this.#events.find((event) => event.sender === handle && event.plugindata.data.error);
            if (refused) throw new Error(refused.plugindata.data.error);
            await new Promise((come) => this.#waiting.push(come));
        }
    }
}

/* Complete, so that nothing trickles. */
async function gathered(pc) {
    await new Promise((done) => {
        const look = () => pc.iceGatheringState === 'complete' && done();
        pc.addEventListener('icegatheringstatechange', look);
        look();
    });
    return { type: pc.localDescription.type, sdp: pc.localDescription.sdp };
}

let janus = null;
const connection = async () => {
    if (!janus) await (janus = new Janus()).open();
    return janus;
};

async function publish(kinds, simulcast) {
    const gate = await connection();
    const handle = await gate.attach();
    const joined = await gate.tell(handle, { request: 'join', ptype: 'publisher', room: ROOM }, null,
        ({ plugindata }) => plugindata.data.videoroom === 'joined');
    const media = await navigator.mediaDevices.getUserMedia(Object.fromEntries(kinds.map((kind) => [kind, CAPTURE[kind]])));
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    for (const track of media.getTracks()) {
        const encodings = track.kind === 'audio' ? [{}] : simulcast ? TWO_LAYERS : ONE_LAYER;
        const transceiver = pc.addTransceiver(track, { direction: 'sendonly', sendEncodings: encodings, streams: [media] });
        if (track.kind === 'video')
            transceiver.setCodecPreferences(RTCRtpReceiver.getCapabilities('video').codecs.filter(({ mimeType }) => /vp8|rtx/i.test(mimeType)));
    }
    await pc.setLocalDescription();
    const { jsep } = await gate.tell(handle, { request: 'publish' }, await gathered(pc), (event) => event.jsep);
    await pc.setRemoteDescription(jsep);
    return { handle, present: joined.plugindata.data.publishers };
}

/* The first who publishes, found by joining as one who publishes too, as our people do. */
async function view() {
    const { handle: own, present } = await publish(['audio'], false);
    const gate = await connection();
    const [{ id: feed }] = present.length ? present
        : (await gate.event(own, ({ plugindata }) => plugindata.data.publishers?.length)).plugindata.data.publishers;
    const handle = await gate.attach();
    const { jsep } = await gate.tell(handle, { request: 'join', ptype: 'subscriber', room: ROOM, streams: [{ feed }] }, null, (event) => event.jsep);
    const pc = window.janus.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const stream = new MediaStream();
    pc.ontrack = ({ track }) => {
        stream.addTrack(track);
        if (track.kind === 'audio') {
            const sound = document.createElement('audio');
            Object.assign(sound, { srcObject: new MediaStream([track]), autoplay: true });
            document.body.append(sound);
        } else {
            document.querySelector('video').srcObject = new MediaStream([track]);
        }
    };
    await pc.setRemoteDescription(jsep);
    await pc.setLocalDescription();
    await gate.tell(handle, { request: 'start' }, await gathered(pc), ({ plugindata }) => plugindata.data.started === 'ok');
}

window.janus = { publish, view, pc: null };
