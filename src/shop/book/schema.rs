//! The book's tables, in the words of each database; everything else is written once for both.
//!
//! Migrations only ever go forward, each in one transaction; their number is the schema's version, and a book from a newer
//! version is refused.

/// "tnsh"
pub const APPLICATION_ID: i64 = 0x746e_7368;
/// Ends a statement whose rows nobody else may change before the transaction has ended.
pub const LOCKING: &str = " FOR UPDATE";

const FIRST: &str = "
    CREATE TABLE devices (
        home TEXT NOT NULL, device TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (home, device)
    ) STRICT;
    CREATE TABLE quotes (
        hash TEXT PRIMARY KEY, home TEXT NOT NULL, device TEXT NOT NULL, body TEXT NOT NULL,
        valid_until_unix_ms INTEGER NOT NULL, ordered_by TEXT
    ) STRICT;
    CREATE INDEX quotes_by_age ON quotes (valid_until_unix_ms);
    CREATE TABLE idempotency (
        home TEXT NOT NULL, device TEXT NOT NULL, order_id TEXT NOT NULL,
        order_hash TEXT, seq INTEGER, receipt BLOB, made_unix_ms INTEGER NOT NULL,
        PRIMARY KEY (home, device, order_id), UNIQUE (home, device, seq)
    ) STRICT;
    CREATE INDEX idempotency_by_age ON idempotency (made_unix_ms);
    CREATE TABLE bookings (
        no INTEGER PRIMARY KEY AUTOINCREMENT,
        home TEXT NOT NULL, device TEXT NOT NULL, order_id TEXT NOT NULL,
        state TEXT NOT NULL, rev INTEGER NOT NULL, body TEXT NOT NULL,
        total INTEGER NOT NULL, currency TEXT NOT NULL, booked_unix_ms INTEGER NOT NULL,
        UNIQUE (home, device, order_id)
    ) STRICT;
    CREATE TABLE outgoing (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
";

/// What is held and what is counted. An order that is held is no booking until it is approved.
const BURSTS: &str = "
    ALTER TABLE bookings ADD COLUMN booked INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE bookings ADD COLUMN approved INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE bookings ADD COLUMN expires_unix_ms INTEGER;
    CREATE INDEX bookings_held ON bookings (expires_unix_ms) WHERE state = 'held';
    CREATE TABLE lines (
        sku TEXT NOT NULL, home TEXT NOT NULL, no INTEGER NOT NULL REFERENCES bookings (no),
        booked_unix_ms INTEGER NOT NULL, PRIMARY KEY (sku, home, no)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lines_by_age ON lines (sku, booked_unix_ms);
    CREATE INDEX lines_by_no ON lines (no);
    INSERT OR IGNORE INTO lines SELECT json_extract(line.value, '$.sku'), home, no, booked_unix_ms
        FROM bookings, json_each(bookings.body, '$.lines') AS line
        WHERE json_valid(bookings.body) AND json_extract(line.value, '$.sku') IS NOT NULL;
    CREATE TABLE asks (
        sku TEXT NOT NULL, home TEXT NOT NULL, asked_unix_ms INTEGER NOT NULL, PRIMARY KEY (sku, home)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX asks_by_age ON asks (asked_unix_ms);
    CREATE TABLE bursts (sku TEXT PRIMARY KEY, seen_unix_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// Since when an order is in its state, when it was delivered and withdrawn from, and for how long one may.
const BACK: &str = "
    ALTER TABLE bookings ADD COLUMN since_unix_ms INTEGER;
    ALTER TABLE bookings ADD COLUMN delivered_unix_ms INTEGER;
    ALTER TABLE bookings ADD COLUMN withdrawn_unix_ms INTEGER;
    ALTER TABLE bookings ADD COLUMN withdrawal_days INTEGER;
    UPDATE bookings SET withdrawal_days = (SELECT json_extract(quotes.body, '$.withdrawal_days') FROM quotes
        WHERE json_valid(bookings.body) AND quotes.hash = json_extract(bookings.body, '$.quote_hash'));
";

const CHAT: &str = "
    CREATE TABLE threads (
        home TEXT NOT NULL, device TEXT NOT NULL, id TEXT NOT NULL, shop TEXT NOT NULL, lang TEXT NOT NULL, order_id TEXT,
        state TEXT NOT NULL, person TEXT NOT NULL, opened_unix_ms INTEGER NOT NULL, joined_unix_ms INTEGER,
        heard INTEGER NOT NULL, said INTEGER NOT NULL, acked INTEGER NOT NULL, PRIMARY KEY (home, device, id)
    ) STRICT;
    CREATE TABLE chat_lines (
        no INTEGER PRIMARY KEY AUTOINCREMENT, home TEXT NOT NULL, device TEXT NOT NULL, thread TEXT NOT NULL,
        up INTEGER NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, handoff TEXT, offer TEXT,
        at_unix_ms INTEGER NOT NULL, bytes BLOB, UNIQUE (home, device, thread, up, seq)
    ) STRICT;
    CREATE TABLE counter_of_shop (one INTEGER PRIMARY KEY CHECK (one = 1), catalog TEXT NOT NULL, terms TEXT NOT NULL,
        seller TEXT NOT NULL) STRICT;
";

const PAIRING: &str = "
    CREATE TABLE pairings (
        id TEXT PRIMARY KEY, secret BLOB NOT NULL, home TEXT NOT NULL, url TEXT NOT NULL, ca TEXT,
        replaces INTEGER NOT NULL, expires_unix_ms INTEGER NOT NULL, device TEXT, key TEXT
    ) STRICT;
    CREATE TABLE homes (home TEXT PRIMARY KEY, password TEXT NOT NULL) STRICT;
";

/// Who says what is outgoing, and with which key the shop signs.
const WORKERS: &str = "
    ALTER TABLE outgoing ADD COLUMN worker INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE shop_key (one INTEGER PRIMARY KEY CHECK (one = 1), key TEXT NOT NULL) STRICT;
";

/// Keys before the newest one of a device, with the moment until which they count; how the shop's own key was handed over.
const HANDOVERS: &str = "
    ALTER TABLE devices ADD COLUMN earlier TEXT;
    ALTER TABLE shop_key ADD COLUMN steps TEXT;
";

/// What a shop system is told of orders (`hooks`: waiting, or dead once `dead_unix_ms` is set), where it is (`webhook`, while
/// there is one), and what has no rows that stay, counted (`tallies`).
const CONNECT: &str = "
    CREATE TABLE webhook (one INTEGER PRIMARY KEY CHECK (one = 1), url TEXT NOT NULL, stopped TEXT) STRICT;
    CREATE TABLE hooks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, msg TEXT NOT NULL UNIQUE, about TEXT NOT NULL, kind TEXT NOT NULL,
        body TEXT NOT NULL, made_unix_ms INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
        first_unix_ms INTEGER, due_unix_ms INTEGER NOT NULL, dead_unix_ms INTEGER, why TEXT
    ) STRICT;
    CREATE INDEX hooks_due ON hooks (due_unix_ms, id) WHERE dead_unix_ms IS NULL;
    CREATE INDEX hooks_by_order ON hooks (about, id) WHERE dead_unix_ms IS NULL;
    CREATE INDEX hooks_dead ON hooks (dead_unix_ms) WHERE dead_unix_ms IS NOT NULL;
    CREATE TABLE tallies (
        name TEXT NOT NULL, label TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (name, label)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tallies SELECT 'orders_before', '', count(*) FROM bookings;
    CREATE INDEX bookings_by_state ON bookings (state);
    CREATE INDEX bookings_approved ON bookings (no) WHERE approved = 1;
    CREATE INDEX bookings_withdrawn ON bookings (no) WHERE withdrawn_unix_ms IS NOT NULL;
    CREATE INDEX threads_waiting ON threads (opened_unix_ms) WHERE state = 'requested';
";

/// What households agreed to hear, and what was told to whom; `free` is what needs no consent.
const NEWS: &str = "
    CREATE TABLE consents (
        home TEXT NOT NULL, device TEXT NOT NULL, consent_id TEXT NOT NULL, rev INTEGER NOT NULL, kinds TEXT NOT NULL,
        at_unix_ms INTEGER NOT NULL, PRIMARY KEY (home, device)
    ) STRICT;
    CREATE TABLE news (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, texts TEXT NOT NULL, sku TEXT, audience TEXT NOT NULL,
        made_unix_ms INTEGER NOT NULL, expires_unix_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE news_homes (
        news TEXT NOT NULL, home TEXT NOT NULL, device TEXT NOT NULL, free INTEGER NOT NULL,
        sent_unix_ms INTEGER NOT NULL, outgoing INTEGER NOT NULL, PRIMARY KEY (news, home)
    ) STRICT;
    CREATE INDEX news_homes_by_home ON news_homes (home, sent_unix_ms);
";

/// How homes pay, what an order says of its payment and why it is held, and coupons; `$int` is the database's word for a number.
macro_rules! pay {
    ($int:literal, $end:literal) => {
        concat!(
            "
    ALTER TABLE bookings ADD COLUMN held_for TEXT;
    ALTER TABLE bookings ADD COLUMN payment TEXT;
    ALTER TABLE bookings ADD COLUMN payment_state TEXT;
    ALTER TABLE bookings ADD COLUMN coupon TEXT;
    ALTER TABLE bookings ADD COLUMN discount ",
            $int,
            " NOT NULL DEFAULT 0;
    UPDATE bookings SET held_for = 'burst' WHERE state = 'held';
    CREATE TABLE payments (
        id TEXT PRIMARY KEY, home TEXT NOT NULL, method TEXT NOT NULL, label TEXT, token TEXT,
        is_current ",
            $int,
            " NOT NULL, made_unix_ms ",
            $int,
            " NOT NULL
    )",
            $end,
            ";
    CREATE UNIQUE INDEX payments_current ON payments (home) WHERE is_current = 1;
    CREATE TABLE coupons (
        code TEXT PRIMARY KEY, amount ",
            $int,
            ", percent ",
            $int,
            ", currency TEXT NOT NULL, minimum ",
            $int,
            " NOT NULL,
        skus TEXT NOT NULL, until_unix_ms ",
            $int,
            ", max_uses ",
            $int,
            ", home TEXT, news TEXT, used ",
            $int,
            " NOT NULL,
        made_unix_ms ",
            $int,
            " NOT NULL
    )",
            $end,
            ";
    CREATE INDEX coupons_by_home ON coupons (home) WHERE home IS NOT NULL;
    CREATE INDEX coupons_by_news ON coupons (news) WHERE news IS NOT NULL;
    CREATE TABLE coupon_uses (
        code TEXT NOT NULL, home TEXT NOT NULL, device TEXT NOT NULL, order_id TEXT NOT NULL, used_unix_ms ",
            $int,
            " NOT NULL,
        PRIMARY KEY (code, home)
    )",
            $end,
            ";
    CREATE INDEX coupon_uses_by_order ON coupon_uses (home, device, order_id);
"
        )
    };
}

const PAY: &str = pay!("INTEGER", " STRICT");

pub const SQLITE: &[&str] = &[FIRST, BURSTS, BACK, CHAT, PAIRING, WORKERS, HANDOVERS, CONNECT, NEWS, PAY];

/// All of the above, as of the first version that knew PostgreSQL.
#[cfg(feature = "postgres")]
const FIRST_OF_POSTGRES: &str = "
    CREATE TABLE devices (home TEXT NOT NULL, device TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (home, device));
    CREATE TABLE quotes (
        hash TEXT PRIMARY KEY, home TEXT NOT NULL, device TEXT NOT NULL, body TEXT NOT NULL,
        valid_until_unix_ms BIGINT NOT NULL, ordered_by TEXT
    );
    CREATE INDEX quotes_by_age ON quotes (valid_until_unix_ms);
    CREATE TABLE idempotency (
        home TEXT NOT NULL, device TEXT NOT NULL, order_id TEXT NOT NULL,
        order_hash TEXT, seq BIGINT, receipt BYTEA, made_unix_ms BIGINT NOT NULL,
        PRIMARY KEY (home, device, order_id), UNIQUE (home, device, seq)
    );
    CREATE INDEX idempotency_by_age ON idempotency (made_unix_ms);
    CREATE TABLE bookings (
        no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        home TEXT NOT NULL, device TEXT NOT NULL, order_id TEXT NOT NULL,
        state TEXT NOT NULL, rev BIGINT NOT NULL, body TEXT NOT NULL,
        total BIGINT NOT NULL, currency TEXT NOT NULL, booked_unix_ms BIGINT NOT NULL,
        booked BIGINT NOT NULL DEFAULT 1, approved BIGINT NOT NULL DEFAULT 0, expires_unix_ms BIGINT,
        since_unix_ms BIGINT, delivered_unix_ms BIGINT, withdrawn_unix_ms BIGINT, withdrawal_days BIGINT,
        UNIQUE (home, device, order_id)
    );
    CREATE INDEX bookings_held ON bookings (expires_unix_ms) WHERE state = 'held';
    CREATE INDEX bookings_by_home ON bookings (home, booked_unix_ms);
    CREATE INDEX bookings_by_order ON bookings (order_id);
    CREATE TABLE lines (
        sku TEXT NOT NULL, home TEXT NOT NULL, no BIGINT NOT NULL REFERENCES bookings (no),
        booked_unix_ms BIGINT NOT NULL, PRIMARY KEY (sku, home, no)
    );
    CREATE INDEX lines_by_age ON lines (sku, booked_unix_ms);
    CREATE INDEX lines_by_no ON lines (no);
    CREATE TABLE asks (sku TEXT NOT NULL, home TEXT NOT NULL, asked_unix_ms BIGINT NOT NULL, PRIMARY KEY (sku, home));
    CREATE INDEX asks_by_age ON asks (asked_unix_ms);
    CREATE TABLE bursts (sku TEXT PRIMARY KEY, seen_unix_ms BIGINT NOT NULL);
    CREATE TABLE outgoing (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic TEXT NOT NULL, bytes BYTEA NOT NULL,
        worker BIGINT NOT NULL DEFAULT 0
    );
    CREATE INDEX outgoing_by_worker ON outgoing (worker, id);
    CREATE TABLE threads (
        home TEXT NOT NULL, device TEXT NOT NULL, id TEXT NOT NULL, shop TEXT NOT NULL, lang TEXT NOT NULL, order_id TEXT,
        state TEXT NOT NULL, person TEXT NOT NULL, opened_unix_ms BIGINT NOT NULL, joined_unix_ms BIGINT,
        heard BIGINT NOT NULL, said BIGINT NOT NULL, acked BIGINT NOT NULL, PRIMARY KEY (home, device, id)
    );
    CREATE TABLE chat_lines (
        no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, home TEXT NOT NULL, device TEXT NOT NULL, thread TEXT NOT NULL,
        up BIGINT NOT NULL, seq BIGINT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, handoff TEXT, offer TEXT,
        at_unix_ms BIGINT NOT NULL, bytes BYTEA, UNIQUE (home, device, thread, up, seq)
    );
    CREATE TABLE counter_of_shop (one BIGINT PRIMARY KEY CHECK (one = 1), catalog TEXT NOT NULL, terms TEXT NOT NULL,
        seller TEXT NOT NULL);
    CREATE TABLE pairings (
        id TEXT PRIMARY KEY, secret BYTEA NOT NULL, home TEXT NOT NULL, url TEXT NOT NULL, ca TEXT,
        replaces BIGINT NOT NULL, expires_unix_ms BIGINT NOT NULL, device TEXT, key TEXT
    );
    CREATE TABLE homes (home TEXT PRIMARY KEY, password TEXT NOT NULL);
    CREATE TABLE shop_key (one BIGINT PRIMARY KEY CHECK (one = 1), key TEXT NOT NULL);
";

#[cfg(feature = "postgres")]
const CONNECT_OF_POSTGRES: &str = "
    CREATE TABLE webhook (one BIGINT PRIMARY KEY CHECK (one = 1), url TEXT NOT NULL, stopped TEXT);
    CREATE TABLE hooks (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, msg TEXT NOT NULL UNIQUE, about TEXT NOT NULL,
        kind TEXT NOT NULL, body TEXT NOT NULL, made_unix_ms BIGINT NOT NULL, tries BIGINT NOT NULL DEFAULT 0,
        first_unix_ms BIGINT, due_unix_ms BIGINT NOT NULL, dead_unix_ms BIGINT, why TEXT
    );
    CREATE INDEX hooks_due ON hooks (due_unix_ms, id) WHERE dead_unix_ms IS NULL;
    CREATE INDEX hooks_by_order ON hooks (about, id) WHERE dead_unix_ms IS NULL;
    CREATE INDEX hooks_dead ON hooks (dead_unix_ms) WHERE dead_unix_ms IS NOT NULL;
    CREATE TABLE tallies (
        name TEXT NOT NULL, label TEXT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (name, label)
    );
    INSERT INTO tallies SELECT 'orders_before', '', count(*) FROM bookings;
    CREATE INDEX bookings_by_state ON bookings (state);
    CREATE INDEX bookings_approved ON bookings (no) WHERE approved = 1;
    CREATE INDEX bookings_withdrawn ON bookings (no) WHERE withdrawn_unix_ms IS NOT NULL;
    CREATE INDEX threads_waiting ON threads (opened_unix_ms) WHERE state = 'requested';
";

#[cfg(feature = "postgres")]
const NEWS_OF_POSTGRES: &str = "
    CREATE TABLE consents (
        home TEXT NOT NULL, device TEXT NOT NULL, consent_id TEXT NOT NULL, rev BIGINT NOT NULL, kinds TEXT NOT NULL,
        at_unix_ms BIGINT NOT NULL, PRIMARY KEY (home, device)
    );
    CREATE TABLE news (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, texts TEXT NOT NULL, sku TEXT, audience TEXT NOT NULL,
        made_unix_ms BIGINT NOT NULL, expires_unix_ms BIGINT NOT NULL
    );
    CREATE TABLE news_homes (
        news TEXT NOT NULL, home TEXT NOT NULL, device TEXT NOT NULL, free BIGINT NOT NULL,
        sent_unix_ms BIGINT NOT NULL, outgoing BIGINT NOT NULL, PRIMARY KEY (news, home)
    );
    CREATE INDEX news_homes_by_home ON news_homes (home, sent_unix_ms);
";

#[cfg(feature = "postgres")]
const PAY_OF_POSTGRES: &str = pay!("BIGINT", "");

#[cfg(feature = "postgres")]
pub const POSTGRES: &[&str] = &[FIRST_OF_POSTGRES, HANDOVERS, CONNECT_OF_POSTGRES, NEWS_OF_POSTGRES, PAY_OF_POSTGRES];
