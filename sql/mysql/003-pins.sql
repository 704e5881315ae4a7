-- Tries of PINs: counted before each is asked about, and removed when their lock ends. `who` and `told` are keyed hashes of
-- a caller's number; the key is in holdcast_secret, made at the first try. No export has either table.

CREATE TABLE IF NOT EXISTS holdcast_secret (
  name VARCHAR(20) NOT NULL PRIMARY KEY,
  secret VARCHAR(64) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS holdcast_pin (
  who CHAR(43) NOT NULL PRIMARY KEY,
  told CHAR(43) NOT NULL,
  tries INT NOT NULL,
  at_ms BIGINT NOT NULL,
  KEY at_ms (at_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
