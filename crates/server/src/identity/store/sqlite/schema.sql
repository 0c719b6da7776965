-- The whole schema, version 1. A change adds a file that leads from the version before.
CREATE TABLE store (
    -- One row.
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    schema_version INTEGER NOT NULL,
    -- The number of the last commit.
    revision       INTEGER NOT NULL
) STRICT;

CREATE TABLE record (
    key      TEXT PRIMARY KEY,
    value    BLOB NOT NULL,
    -- The commit that last put it.
    revision INTEGER NOT NULL
) STRICT;

INSERT INTO store (id, schema_version, revision) VALUES (1, 1, 0);
