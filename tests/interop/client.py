"""An MQTT 5 connection with TLS, a password and a last will, the same for shop and device."""

import argparse
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

# QoS 1; an order that somebody let be retained says so.
AS_PUBLISHED = SubscribeOptions(qos=1, retainAsPublished=True)


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--ca", type=Path, required=True)
    return parser


def connect(args, client_id, will, on_connect, on_message):
    """A connected client whose messages are acknowledged by hand, once what they did is on disk."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, manual_ack=True
    )
    client.username_pw_set(args.user, args.password_file.read_text().strip())
    client.tls_set(ca_certs=str(args.ca))
    topic, payload = will
    client.will_set(topic, payload, qos=1, retain=True)
    client.on_connect = on_connect
    client.on_message = on_message
    session = Properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = 3600
    client.connect("localhost", args.port, clean_start=False, properties=session)
    return client


def expires_in(seconds):
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = seconds
    return properties
