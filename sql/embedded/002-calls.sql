-- What happened in calls, for reports. The primary keys keep the same thing once, however often it is written.
-- `src` is NULL where the caller's number is not known or cannot be kept; `item` is empty for what is the caller's own.

CREATE TABLE holdcast_heard (
  uniqueid TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  item TEXT NOT NULL,
  src TEXT,
  queue TEXT,
  PRIMARY KEY (uniqueid, at_ms, kind, item)
) STRICT, WITHOUT ROWID;

CREATE INDEX holdcast_heard_at ON holdcast_heard (at_ms);

CREATE TABLE holdcast_key (
  uniqueid TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  digit TEXT NOT NULL,
  action TEXT NOT NULL,
  src TEXT,
  queue TEXT,
  PRIMARY KEY (uniqueid, at_ms, digit, action)
) STRICT, WITHOUT ROWID;

CREATE INDEX holdcast_key_at ON holdcast_key (at_ms);
