"""The envelope, from protocol/README.md and the JSON Schemas alone: nothing of tendero's code is used.

`python wire.py vectors` checks itself against protocol/vectors/envelope.json.
"""

import base64
import hashlib
import json
import secrets
import sys
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jsonschema import Draft202012Validator

PROTOCOL = Path(__file__).resolve().parents[2] / "protocol"
MAX_BYTES = 262_144
MAX_INTEGER = 2**53 - 1
VALIDATORS = {}


class Refused(Exception):
    """A message that must not be used, and why."""


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def rfc3339(moment):
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now():
    return datetime.now(timezone.utc)


def key_name(public):
    return "ed25519:" + base64url(public.public_bytes(Encoding.Raw, PublicFormat.Raw))


def public_key(name):
    return Ed25519PublicKey.from_public_bytes(from_base64url(name.removeprefix("ed25519:")))


def jws_header(kid):
    header = {"alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": kid}
    return json.dumps(header, separators=(",", ":")).encode()


def data_hash(data):
    return hashlib.sha256(rfc8785.dumps(data)).hexdigest()


def validate(kind, message):
    if kind not in VALIDATORS:
        schema = json.loads((PROTOCOL / "schema" / f"{kind}.json").read_text())
        VALIDATORS[kind] = Draft202012Validator(schema)
    for error in VALIDATORS[kind].iter_errors(message):
        raise Refused(f"{kind}: {error.json_path}: {error.message}")


class Signer:
    """Who signs: a shop or a device, with its own key."""

    def __init__(self, source, seed=None):
        self.source = source
        self.key = Ed25519PrivateKey.from_private_bytes(seed or secrets.token_bytes(32))
        self.name = key_name(self.key.public_key())

    def sign(self, unsigned):
        header = base64url(jws_header(self.name))
        signature = self.key.sign(header.encode() + b"." + rfc8785.dumps(unsigned))
        return {**unsigned, "sig": f"{header}..{base64url(signature)}"}

    def seal(self, kind, data, life=timedelta(minutes=1)):
        """The bytes of a message of `kind`; it must fit its schema."""
        made = now()
        message = self.sign(
            {
                "specversion": "1.0",
                "id": str(uuid.uuid4()),
                "source": self.source,
                "type": f"tendero.v1.{kind}",
                "time": rfc3339(made),
                "expirytime": rfc3339(made + life),
                "datacontenttype": "application/json",
                "data": data,
            }
        )
        validate(kind, message)
        return rfc8785.dumps(message)


def reject_number(text):
    raise Refused(f"the number {text} is no integer")


def integer(text):
    value = int(text)
    if abs(value) > MAX_INTEGER:
        raise Refused(f"the number {text} is too large")
    return value


def open_message(payload, topic, key, at=None):
    """The data of a message that `key` signed for `topic`. Raises `Refused`."""
    if len(payload) > MAX_BYTES:
        raise Refused("too large")
    try:
        message = json.loads(payload, parse_float=reject_number, parse_int=integer, parse_constant=reject_number)
    except ValueError as why:
        raise Refused(f"not JSON: {why}") from why
    if not isinstance(message, dict):
        raise Refused("not an object")
    unsigned = {name: value for name, value in message.items() if name != "sig"}
    header, dots, signature = str(message.get("sig", "")).partition("..")
    if not dots or from_base64url(header) != jws_header(key_name(key)):
        raise Refused("not signed under the pinned key")
    try:
        key.verify(from_base64url(signature), header.encode() + b"." + rfc8785.dumps(unsigned))
    except InvalidSignature as why:
        raise Refused("the signature is wrong") from why
    kind = topic.rsplit("/", 1)[-1]
    if message.get("specversion") != "1.0" or message.get("type") != f"tendero.v1.{kind}":
        raise Refused("of another kind")
    if datetime.fromisoformat(message["expirytime"]) <= (at or now()):
        raise Refused("expired")
    if message["data"].get("aud") != topic:
        raise Refused("meant for another topic")
    validate(kind, message)
    return message["data"]


def check_vectors():
    vectors = json.loads((PROTOCOL / "vectors" / "envelope.json").read_text())
    signer = Signer("home/casa/kitchen", bytes.fromhex(vectors["seed_hex"]))
    assert signer.name == vectors["public_key"], signer.name
    unsigned = vectors["unsigned"]
    assert rfc8785.dumps(unsigned).decode() == vectors["canonical"]
    assert jws_header(signer.name).decode() == vectors["jws_header"]
    assert rfc8785.dumps(signer.sign(unsigned)).decode() == vectors["message"]
    assert data_hash(unsigned["data"]) == vectors["data_sha256"]
    at = datetime.fromisoformat(vectors["checked_at"])
    key = public_key(vectors["public_key"])
    opened = open_message(vectors["message"].encode(), vectors["topic"], key, at)
    assert opened == unsigned["data"]
    for refused in vectors["refused"]:
        try:
            open_message(refused["message"].encode(), vectors["topic"], key, at)
        except Refused:
            continue
        raise AssertionError(f"taken although: {refused['why']}")
    print(f"1 message and {len(vectors['refused'])} that must be refused: as the vectors say")


if __name__ == "__main__":
    if sys.argv[1:] != ["vectors"]:
        sys.exit("usage: python wire.py vectors")
    check_vectors()
