/* rogue.js - what the page never does: media of somebody who may not send, straight from the browser's own interfaces, and a claim to send. */

export const sendAnyway = (person) => person.page.evaluate(async () => {
    await window.kinroom.request({ type: 'media', mic: true, camera: true, screen: true }).catch(() => {});
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    const [mic, camera] = window.kinroom.pc.getTransceivers();
    await mic.sender.replaceTrack(media.getAudioTracks()[0]);
    await camera.sender.replaceTrack(media.getVideoTracks()[0]);
    window.rogue = media;
});

export const stopAnyway = (person) => person.page.evaluate(async () => {
    for (const { sender } of window.kinroom.pc.getTransceivers().slice(0, 2)) await sender.replaceTrack(null);
    for (const track of window.rogue.getTracks()) track.stop();
});
