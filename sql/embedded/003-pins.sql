-- Tries of PINs: counted before each is asked about, and removed when their lock ends. `who` and `told` are keyed hashes of
-- a caller's number; the key is in holdcast_secret, made at the first try. No export has either table.

CREATE TABLE holdcast_secret (
  name TEXT NOT NULL PRIMARY KEY,
  secret TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE holdcast_pin (
  who TEXT NOT NULL PRIMARY KEY,
  told TEXT NOT NULL,
  tries INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX holdcast_pin_at ON holdcast_pin (at_ms);
