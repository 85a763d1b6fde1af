/* path.js - which way media takes, of what a browser counts (W3C WebRTC statistics): arithmetic alone. */

/* stats: the entries of RTCPeerConnection.getStats(). Null: no path carries anything. */
export function pathOf(stats) {
    const at = (id) => stats.find((entry) => entry.id === id);
    const pairs = stats.filter(({ type, state }) => type === 'candidate-pair' && state === 'succeeded');
    const named = stats.find(({ type }) => type === 'transport')?.selectedCandidatePairId;
    /* Firefox names none in the transport, and marks the pair. */
    const pair = pairs.find(({ id }) => id === named) ?? pairs.find(({ selected }) => selected) ?? pairs.find(({ nominated }) => nominated);
    const local = pair && at(pair.localCandidateId);
    if (!local) return null;
    const isRelayed = local.candidateType === 'relay';
    const protocol = isRelayed ? local.relayProtocol ?? 'udp' : local.protocol;
    return {
        route: isRelayed ? 'relay' : protocol === 'tcp' ? 'tcp' : 'udp',
        overTcp: protocol !== 'udp',
        roundTrip_ms: pair.currentRoundTripTime === undefined ? null : 1000 * pair.currentRoundTripTime,
        checksSent: pair.requestsSent ?? null, /* connectivity checks, which go on while no media does */
        checksAnswered: pair.responsesReceived ?? null,
    };
}
