-- What must outlive a crash. docs/STORE.md tells what each table holds; times are Unix microseconds where the name says
-- _us, else Unix seconds. Ids are opaque everywhere; a person's name is in `people` alone.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    id        TEXT PRIMARY KEY,
    kind      TEXT NOT NULL,
    opens_at  INTEGER NOT NULL,
    closes_at INTEGER NOT NULL CHECK (closes_at > opens_at),
    client    TEXT NOT NULL,
    guidance_version TEXT NOT NULL, -- what a loved one reads first, and the notice
    notice_version   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE people (
    session       TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    participation TEXT NOT NULL,
    person        TEXT NOT NULL,
    client        TEXT NOT NULL, -- '' is the session's
    role          TEXT NOT NULL,
    name          TEXT NOT NULL,
    alias         TEXT NOT NULL,
    PRIMARY KEY (session, position),
    UNIQUE (session, participation)
) STRICT, WITHOUT ROWID;

CREATE TABLE agenda (
    session  TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    title    TEXT NOT NULL,
    minutes  INTEGER NOT NULL,
    PRIMARY KEY (session, position)
) STRICT, WITHOUT ROWID;

-- kinds, modes and topics are sets: bit n stands for the value n of the enum in base/terms.h or auth/consent.h.
CREATE TABLE grants (
    id               TEXT PRIMARY KEY,
    epoch            INTEGER NOT NULL,
    client           TEXT NOT NULL,
    person           TEXT NOT NULL,
    granted_by       INTEGER NOT NULL,
    kinds            INTEGER NOT NULL,
    modes            INTEGER NOT NULL,
    chat             INTEGER NOT NULL,
    topics           INTEGER NOT NULL,
    purpose          TEXT NOT NULL,
    not_before       INTEGER NOT NULL,
    expires          INTEGER NOT NULL,
    client_absent_ok INTEGER NOT NULL,
    notice_version   TEXT NOT NULL,
    evidence         TEXT NOT NULL,
    status           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_by_person ON grants (client, person);

-- Rows are added at the end and never touched again. The triggers stop mistakes; tampering is found by the hashes.
CREATE TABLE ledger (
    number INTEGER PRIMARY KEY,
    hash   BLOB NOT NULL CHECK (length(hash) = 32),
    record TEXT NOT NULL
) STRICT;

CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM ledger)
BEGIN SELECT raise(ABORT, 'ledger rows are numbered without a gap'); END;

CREATE TRIGGER ledger_unchanged BEFORE UPDATE ON ledger
BEGIN SELECT raise(ABORT, 'ledger rows never change'); END;

CREATE TRIGGER ledger_kept BEFORE DELETE ON ledger
BEGIN SELECT raise(ABORT, 'ledger rows are never deleted'); END;

-- Where the ledger ends, written with each row: so that rows missing at its end are noticed too.
CREATE TABLE ledger_end (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    hash   BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE heartbeat (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    unix_us INTEGER NOT NULL
) STRICT;
