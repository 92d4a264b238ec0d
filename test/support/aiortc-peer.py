"""A WHIP publisher (a tone of 1000 Hz) or a WHEP player by aiortc, which is no browser and none of our code.

usage: aiortc-peer.py whip|whep URL TOKEN SECONDS
Prints one JSON object for each thing that happens.
"""

import asyncio
import fractions
import json
import math
import sys
import time
import urllib.parse
import urllib.request

import numpy
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

RATE = 48000


def say(**what):
    print(json.dumps(what), flush=True)


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self):
        super().__init__()
        self.at = 0
        self.began = time.time()

    async def recv(self):
        await asyncio.sleep(max(0, self.began + self.at / RATE - time.time()))
        samples = 8192 * numpy.sin(2 * math.pi * 1000 * (numpy.arange(960) + self.at) / RATE)
        frame = AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(samples.astype("int16").tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.at, fractions.Fraction(1, RATE)
        self.at += 960
        return frame


async def listen(track, heard):
    try:
        while True:
            frame = await track.recv()
            # Both channels of what is stereo are the same.
            heard.append(frame.to_ndarray().astype("float").ravel()[::2])
    except MediaStreamError:
        pass


async def main(way, url, token, seconds):
    bearer = {"Authorization": f"Bearer {token}"}
    connection, heard = RTCPeerConnection(), []
    connection.on("connectionstatechange", lambda: say(state=connection.connectionState))
    if way == "whip":
        connection.addTrack(Tone())
    else:
        connection.addTransceiver("audio", direction="recvonly")
        connection.on("track", lambda track: asyncio.ensure_future(listen(track, heard)))
    await connection.setLocalDescription(await connection.createOffer())
    offer = connection.localDescription.sdp.encode()
    headers = {**bearer, "Content-Type": "application/sdp"}
    with urllib.request.urlopen(urllib.request.Request(url, offer, headers, method="POST")) as answer:
        resource = urllib.parse.urljoin(url, answer.headers["Location"])
        say(status=answer.status)
        await connection.setRemoteDescription(RTCSessionDescription(answer.read().decode(), "answer"))
    await asyncio.sleep(seconds)
    if heard:
        sound = numpy.concatenate(heard)[-RATE * 2 :]
        crossings = int((numpy.diff(numpy.sign(sound)) != 0).sum())
        say(hz=crossings / 2 / (len(sound) / RATE), rms=math.sqrt(float((sound * sound).mean())))
    with urllib.request.urlopen(urllib.request.Request(resource, headers=bearer, method="DELETE")) as gone:
        say(deleted=gone.status)
    await connection.close()


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
