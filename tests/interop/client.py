"""An MQTT 5 connection with TLS, a password and a last will, the same for shop and device."""

import argparse
import ssl
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

# QoS 1; an order that somebody let be retained says so.
AS_PUBLISHED = SubscribeOptions(qos=1, retainAsPublished=True)


@dataclass
class Reach:
    """How somebody reaches the broker."""

    user: str
    password: str
    port: int
    host: str = "localhost"
    tls: bool = True
    # The certificate authority, PEM; None: one that every system knows.
    ca: str | None = None
    # A device that is being paired takes whatever certificate it is shown.
    verified: bool = True
    session_s: int = 3600


def arguments(description, required=True):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=required)
    parser.add_argument("--user", required=required)
    parser.add_argument("--password-file", type=Path, required=required)
    parser.add_argument("--ca", type=Path, required=required)
    return parser


def reach_of(args):
    return Reach(args.user, args.password_file.read_text().strip(), args.port, ca=args.ca.read_text())


def connect(reach, client_id, will, on_connect, on_message):
    """A connected client whose messages are acknowledged by hand, once what they did is on disk."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, manual_ack=True
    )
    client.username_pw_set(reach.user, reach.password)
    if reach.tls:
        context = ssl.create_default_context(cadata=reach.ca)
        if not reach.verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        client.tls_set_context(context)
    if will:
        topic, payload = will
        client.will_set(topic, payload, qos=1, retain=True)
    client.on_connect = on_connect
    client.on_message = on_message
    session = Properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = reach.session_s
    client.connect(reach.host, reach.port, clean_start=reach.session_s == 0, properties=session)
    return client


def expires_in(seconds):
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = seconds
    return properties
