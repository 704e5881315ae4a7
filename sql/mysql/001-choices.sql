-- The music that callers chose. `queue_music` is the table of the system before Holdcast, and stays as it is there:
-- what is there already is not touched by this file.

CREATE TABLE IF NOT EXISTS holdcast_schema (
  version INT NOT NULL PRIMARY KEY,
  name VARCHAR(100) NOT NULL,
  at_ms BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS queue_music (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  src CHAR(15) NOT NULL,
  music_class SMALLINT(2) NOT NULL,
  UNIQUE KEY src (src)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Which track a number means: its path below the folder of media.
CREATE TABLE IF NOT EXISTS holdcast_track (
  music_class SMALLINT NOT NULL PRIMARY KEY,
  track VARCHAR(255) NOT NULL,
  UNIQUE KEY track (track)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- When a caller chose, milliseconds since 1970: an older choice that arrives late does not win, and one that was not
-- renewed for long is removed. Beside queue_music, since that gets no new columns.
CREATE TABLE IF NOT EXISTS holdcast_choice (
  src CHAR(15) NOT NULL PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  KEY at_ms (at_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
