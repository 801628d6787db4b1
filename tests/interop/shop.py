"""A shop of its own: takes orders from loudspeakers with paho-mqtt, the JSON Schemas and SQLite.

It sells one product. Prints its public key first, then one JSON line for each thing that it did.
"""

import json
import secrets
import sqlite3
from datetime import timedelta

import client
import wire

SHOP = "corner"
YEAR = timedelta(days=366)


class Book:
    """Quotes, and orders by idempotency key. Booking and receipt are one transaction."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(
            """
            CREATE TABLE IF NOT EXISTS quote (hash TEXT PRIMARY KEY, device TEXT, body TEXT, used_by TEXT);
            CREATE TABLE IF NOT EXISTS booking (
                device TEXT, order_id TEXT, order_hash TEXT, receipt BLOB, state TEXT, rev INTEGER,
                PRIMARY KEY (device, order_id));
            """
        )

    def remember_quote(self, device, quote):
        with self.db:
            row = (wire.data_hash(quote), device, json.dumps(quote))
            self.db.execute("INSERT INTO quote (hash, device, body) VALUES (?, ?, ?)", row)

    def quote(self, device, quote_hash):
        find = "SELECT body, used_by FROM quote WHERE device = ? AND hash = ?"
        row = self.db.execute(find, (device, quote_hash)).fetchone()
        return (json.loads(row[0]), row[1]) if row else (None, None)

    def booking(self, device, order_id):
        find = "SELECT order_hash, receipt, state, rev FROM booking WHERE device = ? AND order_id = ?"
        return self.db.execute(find, (device, order_id)).fetchone()

    def book(self, device, order, order_hash, receipt, state):
        with self.db:
            row = (device, order["order_id"], order_hash, receipt, state)
            self.db.execute("INSERT INTO booking VALUES (?, ?, ?, ?, ?, 1)", row)
            if state == "accepted":
                use = "UPDATE quote SET used_by = ? WHERE device = ? AND hash = ?"
                self.db.execute(use, (order["order_id"], device, order["quote_hash"]))

    def move(self, device, order_id, state):
        with self.db:
            set_state = "UPDATE booking SET state = ?, rev = rev + 1 WHERE device = ? AND order_id = ?"
            self.db.execute(set_state, (state, device, order_id))


class Shop:
    def __init__(self, args):
        self.args = args
        self.signer = wire.Signer(f"shop/{SHOP}")
        self.devices = {name: wire.public_key(key) for name, key in (args.trust or [])}
        self.book = Book(args.book)
        self.dropped_receipts = args.lose_receipts
        state = f"tendero/v1/shop/{SHOP}/state"
        will = (state, self.signer.seal("state", {"aud": state, "online": False}, YEAR))
        self.mqtt = client.connect(client.reach_of(args), "corner-python", will, self.connected, self.arrived)

    def connected(self, mqtt, _data, _flags, _reason, _properties):
        state = f"tendero/v1/shop/{SHOP}/state"
        mqtt.subscribe(f"$share/orders/tendero/v1/home/+/+/{SHOP}/up/#", options=client.AS_PUBLISHED)
        online = self.signer.seal("state", {"aud": state, "online": True}, YEAR)
        mqtt.publish(state, online, qos=1, retain=True)
        say(event="ready", key=self.signer.name)

    def arrived(self, mqtt, _data, message):
        try:
            self.take(message)
        except wire.Refused as why:
            say(event="refused", topic=message.topic, why=str(why))
        # Only now: what it did is on disk.
        mqtt.ack(message.mid, message.qos)

    def take(self, message):
        _, _, _, home, name, _, _, kind = message.topic.split("/")
        device = f"{home}/{name}"
        if message.retain:
            raise wire.Refused("retained")
        if device not in self.devices:
            raise wire.Refused(f"{device} is not paired")
        data = wire.open_message(message.payload, message.topic, self.devices[device])
        answer = {
            "quote.request": self.price,
            "order": self.order,
            "order.get": self.tell,
            "cancel": self.cancel,
        }.get(kind)
        if answer is None:
            raise wire.Refused(f"{kind} is not known here")
        answer(device, data)

    def send(self, device, kind, payload):
        topic = f"tendero/v1/home/{device}/{SHOP}/down/{kind}"
        self.mqtt.publish(topic, payload, qos=1, properties=client.expires_in(3600))

    def say_to(self, device, kind, data):
        data = {"aud": f"tendero/v1/home/{device}/{SHOP}/down/{kind}", **data}
        return self.signer.seal(kind, data, timedelta(hours=1)), data

    def price(self, device, request):
        unknown = [line for line in request["lines"] if line.get("sku") != self.args.sku]
        if unknown:
            refusal = {"request_id": request["request_id"], "code": "unknown_product"}
            payload, _ = self.say_to(device, "quote.refused", refusal)
            return self.send(device, "quote.refused", payload)
        qty = sum(line["qty"] for line in request["lines"])
        goods = qty * self.args.amount
        line = {"sku": self.args.sku, "title": self.args.title, "qty": qty, "unit_amount": self.args.amount}
        day = wire.rfc3339(wire.now() + timedelta(days=2))
        payload, quote = self.say_to(
            device,
            "quote",
            {
                "quote_id": secrets.token_hex(8),
                "request_id": request["request_id"],
                "nonce": secrets.token_hex(16),
                "valid_s": 900,
                "currency": "EUR",
                "lines": [{**line, "total": goods, "options": {}}],
                "totals": {"goods": goods, "delivery": 0, "total": goods},
                "delivery": {"earliest": day, "latest": day, "amount": 0},
                "seller": "Corner Shop in Python",
                "withdrawal_days": 14,
            },
        )
        self.book.remember_quote(device, quote)
        say(event="quoted", device=device, total=goods)
        return self.send(device, "quote", payload)

    def order(self, device, order):
        order_hash = wire.data_hash(order)
        known = self.book.booking(device, order["order_id"])
        if known and known[0] == order_hash:
            say(event="again", device=device, order_id=order["order_id"])
            return self.send(device, "receipt", known[1])
        code = "idempotency_conflict" if known else self.why_not(device, order)
        receipt = {"order_id": order["order_id"], "order_hash": order_hash}
        receipt["status"] = "rejected" if code else "accepted"
        receipt |= {"code": code} if code else {"shop_order_no": f"P-{order['seq']:06}"}
        payload, _ = self.say_to(device, "receipt", receipt)
        if not known:
            self.book.book(device, order, order_hash, payload, receipt["status"])
            say(event="booked" if not code else "rejected", device=device, total=order["total"], code=code)
        if self.dropped_receipts > 0:
            self.dropped_receipts -= 1
            return say(event="receipt lost", device=device)
        return self.send(device, "receipt", payload)

    def why_not(self, device, order):
        quote, used_by = self.book.quote(device, order["quote_hash"])
        if quote is None:
            return "quote_unknown"
        if used_by is not None:
            return "quote_used"
        as_quoted = [(line["sku"], line["qty"], line["unit_amount"], line["total"]) for line in quote["lines"]]
        ordered = [(line["sku"], line["qty"], line["unit_amount"], line["total"]) for line in order["lines"]]
        same = as_quoted == ordered and order["total"] == quote["totals"]["total"]
        return None if same and order["currency"] == quote["currency"] else "not_as_quoted"

    def tell(self, device, get):
        known = self.book.booking(device, get["order_id"])
        if known:
            self.send(device, "receipt", known[1])
            return self.status(device, get["order_id"], known[2], known[3])
        return self.status(device, get["order_id"], "unknown", 0)

    def cancel(self, device, cancel):
        known = self.book.booking(device, cancel["order_id"])
        if known is None:
            return self.status(device, cancel["order_id"], "unknown", 0)
        if known[2] == "accepted":
            self.book.move(device, cancel["order_id"], "cancelled")
            say(event="cancelled", device=device, order_id=cancel["order_id"])
        _, _, state, rev = self.book.booking(device, cancel["order_id"])
        return self.status(device, cancel["order_id"], state, rev)

    def status(self, device, order_id, state, rev):
        status = {"order_id": order_id, "rev": rev, "state": state, "since": wire.rfc3339(wire.now())}
        payload, _ = self.say_to(device, "status", status)
        self.send(device, "status", payload)


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    parser = client.arguments(__doc__)
    parser.add_argument("--book", required=True, help="the SQLite file")
    parser.add_argument("--trust", nargs=2, action="append", metavar=("HOME/DEVICE", "KEY"))
    parser.add_argument("--sku", default="coffee")
    parser.add_argument("--title", default="Ground coffee, 500 g")
    parser.add_argument("--amount", type=int, default=699, help="minor units a pack")
    parser.add_argument("--lose-receipts", type=int, default=0, help="so many receipts never leave")
    args = parser.parse_args()
    Shop(args).mqtt.loop_forever()


if __name__ == "__main__":
    main()
