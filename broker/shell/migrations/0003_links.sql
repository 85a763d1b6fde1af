-- Links by which people come. Of a link's token and of a code there are hashes alone (SHA-256; a code's with its token).
CREATE TABLE invitations (
    id            TEXT PRIMARY KEY,
    session       TEXT NOT NULL, -- outlives a session that is replaced
    participation TEXT NOT NULL,
    token         BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    not_before    INTEGER NOT NULL,
    expires       INTEGER NOT NULL, -- 0: with its session
    revoked       INTEGER NOT NULL,
    contact       TEXT NOT NULL, -- '' is known to the clinic's system alone
    code          BLOB NOT NULL CHECK (length(code) = 32),
    code_sent     INTEGER NOT NULL,
    code_until    INTEGER NOT NULL, -- 0: no code is good
    code_tries    INTEGER NOT NULL,
    hour_from     INTEGER NOT NULL,
    codes         INTEGER NOT NULL,
    failures      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX invitations_by_session ON invitations (session, id);

-- Thumbprints of the keys (RFC 7638) that may come in by a link without a code.
CREATE TABLE invitation_devices (
    invitation TEXT NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    device     TEXT NOT NULL,
    PRIMARY KEY (invitation, position)
) STRICT, WITHOUT ROWID;

-- What people read before they take part, never changed: somebody has acknowledged it.
CREATE TABLE texts (
    number   INTEGER PRIMARY KEY,
    text     TEXT NOT NULL, -- 'guidance' or 'notice'
    version  TEXT NOT NULL,
    language TEXT NOT NULL,
    made_at  INTEGER NOT NULL,
    body     TEXT NOT NULL,
    UNIQUE (text, version, language)
) STRICT;

CREATE TRIGGER texts_unchanged BEFORE UPDATE ON texts
BEGIN SELECT raise(ABORT, 'a text never changes'); END;

-- How far the webhook has come in the ledger.
CREATE TABLE feed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    row INTEGER NOT NULL
) STRICT;
