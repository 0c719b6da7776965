-- From version 1 to version 2: checksums, and the id of the store. The caller computes them.
ALTER TABLE store ADD COLUMN store_id TEXT NOT NULL DEFAULT '';
-- The sum of the checksums of all records, modulo 2^64.
ALTER TABLE store ADD COLUMN total INTEGER NOT NULL DEFAULT 0;
-- The CRC-64/NVME of this row.
ALTER TABLE store ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
-- The CRC-64/NVME of this record.
ALTER TABLE record ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE store SET schema_version = 2;
