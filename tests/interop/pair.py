"""Pairing by a code, from protocol/README.md alone: nothing of tendero's code is used.

`python pair.py vectors` checks itself against protocol/vectors/pairing.json.
"""

import hashlib
import json
import queue
import secrets
import sys
from urllib.parse import urlsplit

import client
import wire
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "TENDERO-"
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
PURPOSE = b"tendero pair 1"
AGAIN_S = 3
TRIES = 15


class NotPaired(Exception):
    """Why this device is not paired: the shop's code, or what is wrong with the pairing code."""


def from_base32(text):
    """Crockford's base 32 as people type it: the bits from the left, what remains at the end is zero."""
    text = text.upper().translate(MISREAD)
    bits = "".join(f"{SYMBOLS.index(symbol):05b}" for symbol in text if symbol not in "- \t\r\n")
    whole = len(bits) // 8 * 8
    if "1" in bits[whole:] or len(bits) - whole >= 5:
        raise ValueError("no whole bytes")
    return bytes(int(bits[at : at + 8], 2) for at in range(0, whole, 8))


def to_base32(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(SYMBOLS[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))


class Code:
    """What a pairing code says, and what follows from its secret."""

    def __init__(self, text):
        text = text.strip()
        if not text.upper().startswith(PREFIX):
            raise NotPaired("no pairing code")
        try:
            data = from_base32(text[len(PREFIX) :])
        except ValueError as why:
            raise NotPaired("mistyped") from why
        body, check = data[:-3], data[-3:]
        if hashlib.sha256(body).digest()[:3] != check:
            raise NotPaired("mistyped")
        if body[0] != 1:
            raise NotPaired("of a later version")
        self.secret, self.tls = body[1:17], body[17] == 1
        self.port, self.host = int.from_bytes(body[18:20], "big"), body[20:].decode()
        self.id = "pair-" + self.derive(b"id", 8).hex()
        self.password = to_base32(self.derive(b"broker", 16))
        self.ours = ChaCha20Poly1305(self.derive(b"sealed by the device", 32))
        self.theirs = ChaCha20Poly1305(self.derive(b"sealed by the shop", 32))

    def derive(self, info, length):
        return HKDF(algorithm=SHA256(), length=length, salt=PURPOSE, info=info).derive(self.secret)

    def request(self, device, signer):
        proof = signer.key.sign(b" ".join([PURPOSE, self.id.encode(), device.encode()]))
        return {"device": device, "key": signer.name, "proof": wire.base64url(proof)}

    def seal(self, topic, body, nonce=None):
        nonce = nonce or secrets.token_bytes(12)
        sealed = self.ours.encrypt(nonce, json.dumps(body).encode(), topic.encode())
        return json.dumps({"nonce": wire.base64url(nonce), "sealed": wire.base64url(sealed)}).encode()

    def open(self, topic, payload):
        """What the shop sealed for this topic; None for anything else."""
        try:
            message = json.loads(payload)
            nonce, sealed = (wire.from_base64url(message[name]) for name in ("nonce", "sealed"))
            return json.loads(self.theirs.decrypt(nonce, sealed, topic.encode()))
        except (ValueError, KeyError, TypeError, InvalidTag):
            return None


def pair(text, device, signer):
    """Exchanges keys with the shop behind a code: what it says of itself, of the home and of the broker."""
    code = Code(text)
    up, down = (f"tendero/v1/pair/{code.id}/{way}" for way in ("up", "down"))
    answers, subscribed = queue.Queue(), queue.Queue()

    def connected(mqtt, _data, _flags, reason, _properties):
        if reason.is_failure:
            subscribed.put(str(reason))
            return
        mqtt.on_subscribe = lambda *_: subscribed.put(None)
        mqtt.subscribe(down, qos=1)

    def arrived(mqtt, _data, message):
        answer = code.open(message.topic, message.payload)
        mqtt.ack(message.mid, message.qos)
        if answer is not None:
            answers.put(answer)

    reach = client.Reach(
        code.id, code.password, code.port, host=code.host, tls=code.tls, verified=False, session_s=0
    )
    mqtt = client.connect(reach, code.id, None, connected, arrived)
    mqtt.loop_start()
    try:
        refused = subscribed.get(timeout=AGAIN_S * TRIES)
        if refused:
            raise NotPaired(f"the broker says: {refused}")
        answer = asked(mqtt, up, code, code.request(device, signer), answers)
    finally:
        mqtt.disconnect()
        mqtt.loop_stop()
    if "refused" in answer:
        raise NotPaired(answer["refused"]["code"])
    paired = answer["paired"]
    wire.public_key(paired["key"])
    if paired["device"] != device:
        raise NotPaired("it names another device")
    return paired


def asked(mqtt, up, code, request, answers):
    for _ in range(TRIES):
        mqtt.publish(up, code.seal(up, request), qos=1)
        try:
            return answers.get(timeout=AGAIN_S)
        except queue.Empty:
            continue
    raise NotPaired("the shop does not answer")


def reach_of(paired):
    """The broker, as the home that this device is of now."""
    broker = paired["broker"]
    url = urlsplit(broker["url"])
    tls = url.scheme == "mqtts"
    port = url.port or (8883 if tls else 1883)
    return client.Reach(paired["home"], broker["password"], port, host=url.hostname, tls=tls, ca=broker.get("ca"))


def check_vectors():
    vectors = json.loads((wire.PROTOCOL / "vectors" / "pairing.json").read_text())
    code = Code(vectors["code"].lower().replace("-", " ").replace("tendero ", "tendero-"))
    url = urlsplit(vectors["broker"])
    assert (code.host, code.port, code.tls) == (url.hostname, url.port, url.scheme == "mqtts")
    assert code.secret.hex() == vectors["secret_hex"]
    assert (code.id, code.password) == (vectors["id"], vectors["broker_password"])
    for name, info in (("device", b"sealed by the device"), ("shop", b"sealed by the shop")):
        assert code.derive(info, 32).hex() == vectors[f"key_of_{name}_hex"]
    request, answer = vectors["request"], vectors["answer"]
    signer = wire.Signer("", bytes.fromhex(vectors["device_seed_hex"]))
    assert code.request("kitchen", signer) == request["plain"]
    message = json.loads(request["message"])
    nonce = wire.from_base64url(message["nonce"])
    plain = code.ours.decrypt(nonce, wire.from_base64url(message["sealed"]), request["topic"].encode())
    assert json.loads(plain) == request["plain"]
    assert code.open(answer["topic"], answer["message"]) == answer["plain"]
    assert code.open(request["topic"], answer["message"]) is None, "another topic"
    assert code.open(answer["topic"], request["message"]) is None, "our own words"
    slip = vectors["code"][:-1] + ("0" if vectors["code"][-1] != "0" else "1")
    try:
        Code(slip)
    except NotPaired:
        print("a code, what follows from it, and both messages: as the vectors say")
        return
    raise AssertionError("a slip of the finger was not noticed")


if __name__ == "__main__":
    if sys.argv[1:] != ["vectors"]:
        sys.exit("usage: python pair.py vectors")
    check_vectors()
