// An Announcer with its Ducker at 8 kHz and a log of what it told, for tests of voices without music.
// Times in the log are samples since it was made.
import { Ducker } from '../../src/audio/ducker';
import type { Announcement } from '../../src/program/announcement';
import { Announcer, type AnnouncerSettings } from '../../src/program/announcer';
import { constant } from './audio';

/** Time in which the music goes down, samples at 8 kHz. */
export const ATTACK = 2400;

/** The usual settings at 8 kHz, with some of them changed. */
export function stand(change: Partial<AnnouncerSettings> = {}) {
  const ducker = new Ducker({ depthDb: 20, attack: ATTACK, hold: 6400, release: 8000 });
  const log: { what: string; id: string; at: number; announcement: Announcement }[] = [];
  let now = 0;
  const note = (what: string) => (announcement: Announcement, offset: number) =>
    void log.push({ what, id: announcement.title, at: now + offset, announcement });
  const announcer = new Announcer(
    ducker,
    { gap: 2000, takeOver: 640, edge: 40, gain: 1, ...change },
    {
      voiceStarted: note('start'),
      voiceEnded: note('end'),
      voiceCut: note('cut'),
      voiceWithdrawn: (announcement) => note('withdrawn')(announcement, 0),
      voiceFailed: (announcement, clip) =>
        void log.push({ what: 'fail', id: clip.id, at: now, announcement }),
    },
    320,
  );
  return {
    announcer,
    ducker,
    log,
    /** What happened, as text: "start a, end a". */
    get story(): string {
      return log.map(({ what, id }) => `${what} ${id}`).join(', ');
    },
    render: (samples: number): Float32Array => {
      const out = new Float32Array(samples);
      for (let at = 0; at < samples; at += 320) {
        const block = out.subarray(at, Math.min(samples, at + 320));
        announcer.mix(block);
        ducker.apply(constant(1, block.length));
        now += block.length;
      }
      return out;
    },
  };
}
