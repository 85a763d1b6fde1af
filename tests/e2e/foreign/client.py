"""A client that is no browser: takes part in a session by an invitation, with aiortc, by signaling/PROTOCOL.md alone.

    client.py ORIGIN INVITATION CERTIFICATE

Reads orders from stdin and tells what happens on stdout, a JSON object per line each:

    {"order": "code", "code": "123456"}    {"told": "code"} came before: it is needed
    {"order": "send", "sources": ["mic", "camera"]}    turns on these and no others
    {"order": "count"}    {"told": "count", "of": [{"participant": P, "source": S, "frames": N, ...}]}
    {"order": "leave"}    and the process ends with 0

It tells "seat" and "refused" as the server does, and "media" when ICE and DTLS are up.
"""

import asyncio
import json
import ssl
import sys

import aiohttp
from aiortc import RTCPeerConnection, RTCSessionDescription
from device import Device
from media import Camera, Microphone, Sink

PROTOCOL = "kinroom.v1"
SOURCES = ("mic", "camera", "screen")
CAPTURE = {"mic": Microphone, "camera": Camera}


def tell(what, **more):
    print(json.dumps({"told": what, **more}), flush=True)


async def orders():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


class Door:
    """An invitation becomes a token that only this device can use."""

    def __init__(self, http, origin, invitation):
        self.http, self.origin, self.invitation = http, origin, invitation
        self.device = Device()

    async def knock(self, path, **more):
        proof = self.device.proof("POST", self.origin + path, self.invitation)
        headers = {"Origin": self.origin, "DPoP": proof}
        async with self.http.post(self.origin + path, json={"invitation": self.invitation, **more}, headers=headers) as reply:
            reply.raise_for_status()
            return (await reply.json()).get("token")

    async def token(self, orders):
        token = await self.knock("/join/open")
        if token:
            return token
        tell("code")
        order = await orders.__anext__()
        return await self.knock("/join/code", code=order["code"])


class Media:
    """The one peer connection, in the order that the contract asks for."""

    def __init__(self, slots):
        self.pc = RTCPeerConnection()
        self.senders = {source: self.add("audio" if source == "mic" else "video", "sendonly").sender for source in SOURCES}
        self.receiving = [self.add(kind, "recvonly") for kind in ("audio", "video") for _ in range(slots[kind])]
        self.owners = {}  # mid -> (participant, source)
        self.counts = {}
        self.sinks = []
        self.pc.on("connectionstatechange", lambda: tell("media", state=self.pc.connectionState))

    def add(self, kind, direction):
        return self.pc.addTransceiver(kind, direction=direction)

    async def offer(self):
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def answer(self, sdp):
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        for transceiver in self.receiving:
            sink = Sink(self.counts, lambda mid=transceiver.mid: self.owners.get(mid))
            self.sinks.append(asyncio.create_task(sink.drain(transceiver.receiver.track)))

    def show(self, slots):
        self.owners = {slot["mid"]: (slot["participant"], slot["source"]) for slot in slots if slot["participant"]}

    def send(self, sources):
        for source, capture in CAPTURE.items():
            self.senders[source].replaceTrack(capture() if source in sources else None)

    def count(self):
        return [{"participant": who, "source": source, **counts} for (who, source), counts in self.counts.items()]

    async def close(self):
        await self.pc.close()
        for sink in self.sinks:
            sink.cancel()


class Client:
    def __init__(self, socket):
        self.socket = socket
        self.media = None
        self.welcome = None
        self.last_id = 0
        self.pending = {}

    async def ask(self, kind, **more):
        self.last_id += 1
        reply = self.pending[self.last_id] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"type": kind, "id": self.last_id, **more})
        said = await reply
        if said["type"] == "error":
            tell("refused", request=kind, code=said["code"])
        return said

    async def listen(self):
        async for message in self.socket:
            said = json.loads(message.data)
            if said.get("id") in self.pending:
                self.pending.pop(said["id"]).set_result(said)
            await self.hear(said)
        for reply in self.pending.values():
            reply.set_exception(ConnectionError("the socket was closed without a reply"))

    async def hear(self, said):
        if said["type"] == "welcome":
            self.welcome = said
        elif said["type"] == "seat":
            tell("seat", seat=said["seat"], reason=said["reason"], participant=self.welcome["participant"])
        elif said["type"] == "slots" and self.media:
            self.media.show(said["slots"])

    async def enter(self, door, token, nonce):
        proof = door.device.proof("GET", door.origin + "/ws", token, nonce)
        await self.ask("join", token=token, proof=proof, move=False)
        await self.ask("acknowledge", guidance=self.welcome["guidance"], notice=self.welcome["notice"])
        self.media = Media(self.welcome["slots"])
        answer = await self.ask("offer", sdp=await self.media.offer())
        await self.media.answer(answer["sdp"])

    async def send(self, sources):
        self.media.send(sources)
        await self.ask("media", **{source: source in sources for source in SOURCES})


async def obey(client, orders):
    async for order in orders:
        if order["order"] == "send":
            await client.send(order["sources"])
        elif order["order"] == "count":
            tell("count", of=client.media.count())
        elif order["order"] == "leave":
            await client.ask("leave")
            return


async def main(origin, invitation, certificate):
    trust = ssl.create_default_context(cafile=certificate)
    given = orders()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as http:
        door = Door(http, origin, invitation)
        token = await door.token(given)
        async with http.ws_connect(origin + "/ws", protocols=[PROTOCOL], origin=origin) as socket:
            hello = await socket.receive_json()
            client = Client(socket)
            listening = asyncio.create_task(client.listen())
            await client.enter(door, token, hello["nonce"])
            await obey(client, given)
            await client.media.close()
            await listening


asyncio.run(main(*sys.argv[1:]))
