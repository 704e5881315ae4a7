-- The music that callers chose. A number of a music class stands in place of a track only where it came from an old
-- system by `holdcast store import`, and nobody said yet which track it means.

CREATE TABLE holdcast_choice (
  src TEXT NOT NULL PRIMARY KEY,
  track TEXT,
  music_class INTEGER,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX holdcast_choice_at ON holdcast_choice (at_ms);
