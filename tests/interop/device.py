"""A device of its own: orders from `tendero shop` with paho-mqtt and the JSON Schemas, and tries what a shop must refuse.

With `--code` it pairs itself first. Without one it prints its name and public key, and waits for a line on standard input
(by then the shop trusts it). Then it prints one JSON line for each step.
"""

import json
import queue
import secrets
import sys
from datetime import timedelta

import client
import pair
import wire

SHOP = "corner"
YEAR = timedelta(days=366)
PATIENCE_S = 15


class Device:
    def __init__(self, reach, name, shop_key, signer):
        self.signer = signer
        self.shop_key = wire.public_key(shop_key)
        self.base = f"tendero/v1/home/{reach.user}/{name}"
        self.answers = queue.Queue()
        self.up = queue.Queue()
        state = f"{self.base}/state"
        will = (state, signer.seal("state", {"aud": state, "online": False}, YEAR))
        self.mqtt = client.connect(reach, f"{reach.user}.{name}", will, self.connected, self.arrived)
        self.mqtt.loop_start()
        self.up.get(timeout=PATIENCE_S)

    def connected(self, mqtt, _data, _flags, _reason, _properties):
        mqtt.subscribe(f"{self.base}/{SHOP}/down/#", options=client.AS_PUBLISHED)

        def subscribed(*_):
            self.up.put(True)

        mqtt.on_subscribe = subscribed

    def arrived(self, mqtt, _data, message):
        kind = message.topic.rsplit("/", 1)[-1]
        if message.retain:
            raise wire.Refused("retained")
        data = wire.open_message(message.payload, message.topic, self.shop_key)
        self.answers.put((kind, data, message.payload))
        mqtt.ack(message.mid, message.qos)

    def send(self, kind, data, life=timedelta(minutes=5)):
        data = {"aud": f"{self.base}/{SHOP}/up/{kind}", **data}
        payload = self.signer.seal(kind, data, life)
        self.publish(kind, payload)
        return data, payload

    def publish(self, kind, payload, **more):
        self.mqtt.publish(f"{self.base}/{SHOP}/up/{kind}", payload, qos=1, **more)

    def answer(self, wanted, patience_s=PATIENCE_S):
        kind, data, payload = self.answers.get(timeout=patience_s)
        assert kind == wanted, f"{kind} instead of {wanted}: {data}"
        return data, payload

    def silence(self):
        try:
            kind, data, _ = self.answers.get(timeout=1.5)
        except queue.Empty:
            return
        raise AssertionError(f"an answer to what must be dropped: {kind} {data}")

    def quote(self, sku, qty):
        """A price; asked for again where a request got lost, as when the shop was not there yet."""
        for _ in range(5):
            try:
                return self.ask_quote(sku, qty)
            except queue.Empty:
                continue
        raise AssertionError("no price after five requests")

    def ask_quote(self, sku, qty):
        request = {
            "request_id": secrets.token_hex(16),
            "lines": [{"sku": sku, "qty": qty, "options": {}}],
            "intent": "reorder",
            "language": "en",
        }
        self.send("quote.request", request)
        quote, _ = self.answer("quote", 3)
        assert quote["request_id"] == request["request_id"]
        goods = sum(line["total"] for line in quote["lines"])
        assert quote["totals"]["total"] == goods + quote["totals"]["delivery"]
        return quote

    def order_of(self, quote, seq):
        lines = [
            {name: line[name] for name in ("sku", "qty", "unit_amount", "total", "options")}
            for line in quote["lines"]
        ]
        return {
            "order_id": secrets.token_hex(16),
            "seq": seq,
            "nonce": secrets.token_hex(16),
            "quote_id": quote["quote_id"],
            "quote_hash": wire.data_hash(quote),
            "currency": quote["currency"],
            "lines": lines,
            "total": quote["totals"]["total"],
            "exp": wire.rfc3339(wire.now() + timedelta(hours=1)),
            "confirm": {"rung": "phrase", "spoken": ["order it"], "at": wire.rfc3339(wire.now())},
        }


def say(**what):
    print(json.dumps(what), flush=True)


def paired(args):
    """A device whose keys the shop learns by the code; or None, where the shop or the code does not let it."""
    signer = wire.Signer("")
    try:
        with_shop = pair.pair(args.code, args.device, signer)
    except pair.NotPaired as why:
        say(refused=str(why))
        return None
    assert with_shop["shop"] == SHOP, with_shop
    home = with_shop["home"]
    signer.source = f"home/{home}/{args.device}"
    say(step="paired", name=f"{home}/{args.device}", key=signer.name, seller=with_shop["seller"])
    return Device(pair.reach_of(with_shop), args.device, with_shop["key"], signer)


def trusted(args):
    """A device whose key somebody carries to the shop by hand."""
    signer = wire.Signer(f"home/{args.user}/{args.device}")
    say(name=f"{args.user}/{args.device}", key=signer.name)
    sys.stdin.readline()
    return Device(client.reach_of(args), args.device, args.shop_key, signer)


def main():
    parser = client.arguments(__doc__, required=False)
    parser.add_argument("--device", default="python")
    parser.add_argument("--shop-key")
    parser.add_argument("--code")
    parser.add_argument("--sku", default="coffee")
    args = parser.parse_args()
    device = paired(args) if args.code else trusted(args)
    if device is None:
        sys.exit(3)

    quote = device.quote(args.sku, 2)
    order, payload = device.send("order", device.order_of(quote, 1), timedelta(hours=1))
    receipt, first = device.answer("receipt")
    assert receipt["status"] == "accepted" and receipt["order_hash"] == wire.data_hash(order), receipt
    say(step="booked", shop_order_no=receipt["shop_order_no"], total=order["total"])

    device.publish("order", payload)
    _, again = device.answer("receipt")
    assert again == first, "the same order must get the same receipt, byte for byte"
    say(step="the same bytes again get the same receipt")

    other = {name: value for name, value in order.items() if name != "aud"} | {"total": order["total"] - 100}
    device.send("order", other, timedelta(hours=1))
    receipt, _ = device.answer("receipt")
    assert (receipt["status"], receipt["code"]) == ("rejected", "idempotency_conflict"), receipt
    say(step="the same id with other data is a conflict")

    cheaper = device.order_of(device.quote(args.sku, 1), 2)
    cheaper["lines"][0] |= {"unit_amount": 1, "total": 1}
    device.send("order", cheaper | {"total": 1}, timedelta(hours=1))
    receipt, _ = device.answer("receipt")
    assert (receipt["status"], receipt["code"]) == ("rejected", "not_as_quoted"), receipt
    say(step="another price than quoted is rejected")

    forged = bytearray(payload)
    forged[payload.index(b'"total":') + 8] ^= 1
    device.publish("order", bytes(forged))
    device.silence()
    device.publish("order", b"[" * 100_000)
    device.silence()
    device.publish("order", payload, retain=True)
    device.silence()
    device.publish("order", b"", retain=True)
    say(step="forged, broken and retained orders get no answer")

    device.send("order.get", {"order_id": order["order_id"]})
    _, stored = device.answer("receipt")
    assert stored == first
    ask = {"request_id": secrets.token_hex(16), "limit": 10, "language": "en"}
    device.send("history.get", ask)
    history, _ = device.answer("history")
    assert history["request_id"] == ask["request_id"] and "next" not in history, history
    assert [past["order_id"] for past in history["orders"]] == [order["order_id"]], history
    assert history["orders"][0]["total"] == order["total"], history
    say(step="the shop tells what it has on this home")

    device.send("cancel", {"order_id": order["order_id"], "reason_code": "household"})
    status, _ = device.answer("status")
    assert status["state"] == "cancelled", status
    say(step="cancelled", rev=status["rev"])
    device.mqtt.disconnect()


if __name__ == "__main__":
    main()
