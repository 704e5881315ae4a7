-- What happened in calls, for reports. The primary keys keep the same thing once, however often it is written.
-- `src` is NULL where the caller's number is not known or cannot be kept; `item` is empty for what is the caller's own.

CREATE TABLE IF NOT EXISTS holdcast_heard (
  uniqueid VARCHAR(150) NOT NULL,
  at_ms BIGINT NOT NULL,
  kind VARCHAR(10) NOT NULL,
  item VARCHAR(255) NOT NULL,
  src CHAR(15) NULL,
  queue VARCHAR(128) NULL,
  PRIMARY KEY (uniqueid, at_ms, kind, item),
  KEY at_ms (at_ms)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS holdcast_key (
  uniqueid VARCHAR(150) NOT NULL,
  at_ms BIGINT NOT NULL,
  digit CHAR(1) NOT NULL,
  action VARCHAR(64) NOT NULL,
  src CHAR(15) NULL,
  queue VARCHAR(128) NULL,
  PRIMARY KEY (uniqueid, at_ms, digit, action),
  KEY at_ms (at_ms)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
