// The options of how it sounds: media, music, ducking, voices, the limiter, the key tone.
// What an option may be is checked here and nowhere else; an editor shows its comment with unit, range and default.
import { defaultBand } from '../media/settings';
import { defaultProgramSettings } from '../program/settings';
import { complain, flag, HOUR_MS, oneOf, path, within, type Context, type WrittenOf } from './pieces';

export class MediaOptions {
  /** Folder with music/ and advices/; relative to the config file. Default: the shipped media. */
  folder = path('a folder');
  /**
   * Folder for prepared files; relative to the config file. Default: HOLDCAST_CACHE, otherwise /var/cache/holdcast
   * if writable, otherwise the user's cache folder.
   */
  cache = path('a folder');
  /** Path or name of ffmpeg. Default: FFMPEG_PATH, otherwise `ffmpeg` on PATH, otherwise the package ffmpeg-static. */
  ffmpeg = path('the path or name of ffmpeg');
  /** Interval between scans for new and changed files, ms, 500 to 3,600,000. Default 5000. */
  scanMs = within(500, HOUR_MS, 'ms');
  /** Loudness to which music is prepared, LUFS, -50 to -10. Default -24. */
  musicLufs = within(-50, -10, 'LUFS');
  /** Loudness to which speech is prepared, LUFS, -50 to -10. Default -19. */
  speechLufs = within(-50, -10, 'LUFS');
  /** Highest true peak of prepared files, dBTP, -20 to 0. Default -3. */
  peakDbtp = within(-20, 0, 'dBTP');
  /** Lower edge of the band that is kept, Hz, 10 to 2000. Default by rate: 200, 80, 40. */
  lowHz = within(10, 2000, 'Hz');
  /** Upper edge of the band that is kept, Hz, 1000 to half the rate. Default by rate: 3400, 7000, 20000. */
  highHz = within(1000, 24_000, 'Hz');
}

export class SoundOptions {
  /** Samples per second: 8000, 16000 (Asterisk's `format=slin16`) or 48000 (`slin48`). Default 8000. */
  rate = oneOf(8000, 16000, 48000);
}

export class MusicOptions {
  /** 'shuffle': every track once in random order, then again; 'order': by name; 'loop': the first track only. Default 'shuffle'. */
  order = oneOf('shuffle', 'order', 'loop');
  /** Overlap of two tracks, equal power, ms, 0 to 15000. Default 3000. */
  crossfadeMs = within(0, 15_000, 'ms');
  /** The shorter overlap when a caller asks for the next track, ms, 0 to 5000. Default 250. */
  skipMs = within(0, 5000, 'ms');
  /** Added to the prepared level, dB, -40 to 12. Default 0. */
  gainDb = within(-40, 12, 'dB');
}

export class DuckOptions {
  /** Depth of the fade under a voice, dB, 0 to 60. Default 20. */
  depthDb = within(0, 60, 'dB');
  /** Time to fade down, after which the voice starts, ms, 20 to 5000. Default 300. */
  attackMs = within(20, 5000, 'ms');
  /** The music stays down this long after a voice, so that short gaps do not pump, ms, 0 to 10000. Default 800. */
  holdMs = within(0, 10_000, 'ms');
  /** Time to fade back up, ms, 20 to 10000. Default 1000. */
  releaseMs = within(20, 10_000, 'ms');
}

export class VoiceOptions {
  /** Pause between two announcements that follow each other, ms, 0 to 10000. Default 250. */
  gapMs = within(0, 10_000, 'ms');
  /** Fade-out of a voice that a more important one takes over from, ms, 5 to 2000. Default 80. */
  takeOverMs = within(5, 2000, 'ms');
  /** Added to the prepared level, dB, -40 to 12. Default 0. */
  gainDb = within(-40, 12, 'dB');
}

export class LimiterOptions {
  /** Highest output level, dBFS, -20 to 0. Default -3. */
  ceilingDb = within(-20, 0, 'dBFS');
  /** How far the limiter looks ahead, ms, 1 to 20. Default 5. */
  lookaheadMs = within(1, 20, 'ms');
  /** Release time, ms, 1 to 2000. Default 80. */
  releaseMs = within(1, 2000, 'ms');
}

export class KeyToneOptions {
  /** Acknowledges keys with a tone. Default true. */
  enabled = flag();
  /** Frequency, Hz, 300 to 3000. Default 880. */
  hz = within(300, 3000, 'Hz');
  /** Length, ms, 20 to 500. Default 120. */
  ms = within(20, 500, 'ms');
  /** Peak, dBFS, -60 to -6. Default -26. */
  levelDb = within(-60, -6, 'dBFS');
}

interface Band {
  sound?: WrittenOf<SoundOptions> | undefined;
  media?: WrittenOf<MediaOptions> | undefined;
}

/** The band must lie below half the rate, edges in order, also where one edge is the default. */
export function bandFits({ sound: given, media: edges }: Band, context: Context): void {
  const rate = given?.rate ?? defaultProgramSettings.rate;
  const { lowHz, highHz } = defaultBand(rate);
  const [low, high] = [edges?.lowHz ?? lowHz, edges?.highHz ?? highHz];
  if (high > rate / 2)
    complain(context, ['media', 'highHz'], `at most ${rate / 2} Hz, half of sound.rate ${rate}`);
  else if (low >= high)
    complain(
      context,
      ['media', edges?.lowHz === undefined ? 'highHz' : 'lowHz'],
      `an edge below the other: ${low} Hz < ${high} Hz`,
    );
}
