-- How the shards did, minute by minute, and by the quarter of an hour once it is two days old: sums and extremes of what
-- docs/API.md calls the live picture. Numbers alone: no session, nobody's id.
CREATE TABLE history (
    step_s          INTEGER NOT NULL, -- how long the stretch is: 60 or 900
    at              INTEGER NOT NULL, -- when it began, a multiple of it
    node            TEXT NOT NULL,
    shard           INTEGER NOT NULL,
    covered_s       INTEGER NOT NULL,
    busy_ms         INTEGER NOT NULL,
    packets_in      INTEGER NOT NULL,
    packets_out     INTEGER NOT NULL,
    bytes_in        INTEGER NOT NULL,
    bytes_out       INTEGER NOT NULL,
    dropped         INTEGER NOT NULL,
    expected_in     INTEGER NOT NULL,
    lost_in         INTEGER NOT NULL,
    reports         INTEGER NOT NULL,
    reported_q8     INTEGER NOT NULL,
    watched_ms      INTEGER NOT NULL,
    frozen_ms       INTEGER NOT NULL,
    heard_ms        INTEGER NOT NULL,
    concealed_ms    INTEGER NOT NULL,
    rooms           INTEGER NOT NULL,
    people          INTEGER NOT NULL,
    waiting         INTEGER NOT NULL,
    longest_wait_s  INTEGER NOT NULL,
    busy_percent    INTEGER NOT NULL,
    pictures_paused INTEGER NOT NULL,
    picture_percent INTEGER NOT NULL,
    PRIMARY KEY (step_s, at, node, shard)
) STRICT, WITHOUT ROWID;

-- For what is booked at a time.
CREATE INDEX sessions_by_end ON sessions (closes_at);
