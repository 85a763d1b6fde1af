"""What the client shows and says, and what it made of what came: everything that a person would notice, as numbers."""

import asyncio
import fractions
import math
from collections import Counter

import numpy
from aiortc import MediaStreamTrack, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

RATE_HZ = 48000
FRAME_SAMPLES = RATE_HZ // 50
TONE_HZ = 440
TONE_PEAK = 8000
LOUD = 100  # the mean size of a sample that is no silence
CONTRAST = 8  # the deviation of a picture that is no plain surface


class Camera(VideoStreamTrack):
    """Bars that move."""

    WIDTH, HEIGHT = 320, 240

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        column = (numpy.arange(self.WIDTH) + pts // 1000) % 256
        picture = numpy.tile(column.astype(numpy.uint8)[None, :, None], (self.HEIGHT, 1, 3))
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Microphone(MediaStreamTrack):
    """A tone without an end."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self.samples = 0
        self.started = None

    async def recv(self):
        if self.readyState != "live":
            raise MediaStreamError
        now = asyncio.get_running_loop().time()
        self.started = self.started or now
        await asyncio.sleep(max(0, self.started + self.samples / RATE_HZ - now))
        angles = 2 * math.pi * TONE_HZ * (self.samples + numpy.arange(FRAME_SAMPLES)) / RATE_HZ
        frame = AudioFrame.from_ndarray((TONE_PEAK * numpy.sin(angles)).astype(numpy.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self.samples, fractions.Fraction(1, RATE_HZ)
        self.samples += FRAME_SAMPLES
        return frame


class Sink:
    """Takes each decoded frame of one slot, as long as there are any, and counts it for who is on the slot then."""

    def __init__(self, counts, owner):
        self.counts = counts
        self.owner = owner  # gives (participant, source), or None for an empty slot

    async def drain(self, track):
        try:
            while True:
                self.take(await track.recv())
        except MediaStreamError:
            pass

    def take(self, frame):
        owner = self.owner()
        if not owner:
            return
        counts = self.counts.setdefault(owner, Counter())
        if isinstance(frame, AudioFrame):
            counts["samples"] += frame.samples
            counts["loud_samples"] += frame.samples if numpy.abs(frame.to_ndarray()).mean() > LOUD else 0
        else:
            counts["frames"] += 1
            counts["pictures"] += int(frame.to_ndarray(format="gray").std() > CONTRAST)
