-- Why a grant is as it is: the code of what FHIR said of it. It speaks of one epoch, and of no other.
CREATE TABLE findings (
    grant_id TEXT PRIMARY KEY,
    epoch    INTEGER NOT NULL,
    reason   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Answers to requests that came with an Idempotency-Key, for a day. The key and the request are there as hashes alone; an
-- answer that holds a name or a secret is made anew and has no body here.
CREATE TABLE replies (
    key          BLOB PRIMARY KEY CHECK (length(key) = 32),
    request      BLOB NOT NULL CHECK (length(request) = 32),
    made_at      INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    location     TEXT NOT NULL,
    body         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX replies_by_age ON replies (made_at);
