// The log lines of a Program: what the caller heard, and what could not be played.
import type { ProgramEvent } from '../program/program';
import { errnoOf, messageOf } from '../util/errors';
import type { LogFields, Logger } from '../util/log';

/** A listener that logs; the same failure of the same file is logged once. */
export function programLog(log: Logger, rate: number): (event: ProgramEvent) => void {
  const failures = new Set<string>();
  const failed = (file: string, error: unknown): void => {
    const line = `${file}: ${messageOf(error)}`;
    if (!failures.has(line)) log.error({ file, error: messageOf(error) }, 'cannot be played; skipped');
    failures.add(line);
  };
  return (event) => {
    const atMs = Math.round((event.atSample * 1000) / rate);
    switch (event.type) {
      case 'track':
        return log.info({ atMs, track: event.track.id }, 'music');
      case 'track-failed':
        return failed(event.track.id, event.error);
      case 'voice-failed':
        if (event.announcement.personal) return failed('a personal prompt', errnoOf(event.error) ?? 'broken');
        return failed(event.clip.id, event.error);
      case 'voice-start':
        return log.info({ atMs, ...whatOf(event) }, 'voice');
      case 'voice-end':
      case 'voice-cut':
        return log.debug({ atMs, ...whatOf(event) }, event.type);
    }
  };
}

/** The names of the clips are the words: those of a balance are nobody else's business. */
function whatOf({ announcement }: Extract<ProgramEvent, { announcement: unknown }>): LogFields {
  const { kind, clips, personal } = announcement;
  return personal ? { kind, personal } : { kind, clips: clips.map((clip) => clip.id) };
}
