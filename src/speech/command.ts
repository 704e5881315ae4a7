// A voice from a program that speaks (espeak-ng, piper, any): whole sentences, prepared as all speech is, and kept.
// It takes seconds while the caller hears music; two that want the same sentence wait for one run.
import { promises } from 'node:fs';
import { join } from 'node:path';
import { memoryClip } from '../audio/source';
import { WAV_HEADER_BYTES } from '../audio/wav';
import { settingsDigest } from '../media/cache';
import { findFfmpeg, type FfmpegBinary } from '../media/ffmpegBinary';
import { closestTag } from '../media/names';
import { readPcm } from '../media/pcmFile';
import { prepareFile, type PreparedFile } from '../media/prepare';
import { errorFields, HoldcastError } from '../util/errors';
import { SingleFlight } from '../util/singleFlight';
import type { Spoken } from './spoken';
import { sentenceKey, SpokenCache } from './spokenCache';
import type { Utterance, Voice, VoiceParts, VoiceSettings } from './voice';
import { wavFromCommand } from './wavFromCommand';

export type CommandSettings = Extract<VoiceSettings, { readonly command: unknown }>;

const MOST_SPEECH_MS = 5 * 60_000;

function failed(text: string, hint: string): HoldcastError {
  return new HoldcastError('HC_VOICE_FAILED', text, hint);
}

export class CommandVoice implements Voice {
  readonly name: string;
  readonly #cache: SpokenCache;
  readonly #flights = new SingleFlight<Int16Array>();
  /** Those under way, each with what it leaves behind cleared away. */
  readonly #runs = new Map<string, Promise<unknown>>();
  #binary: Promise<FfmpegBinary> | undefined;
  /** What it failed with last; undefined: it works. */
  #trouble: string | undefined;
  #swept = false;

  constructor(
    private readonly settings: CommandSettings,
    private readonly parts: Omit<VoiceParts, 'currency'>,
  ) {
    this.name = `command ${settings.command[0]}`;
    this.#cache = new SpokenCache(parts.media.cache, parts.clock, parts.log);
  }

  async clips({ text }: Spoken, language: string, signal: AbortSignal): Promise<Utterance | undefined> {
    const tag = closestTag(language, this.settings.languages);
    if (tag === undefined || text.trim() === '' || signal.aborted) return undefined;
    try {
      const samples = await this.#samples(text, tag, signal);
      return signal.aborted ? undefined : [memoryClip('spoken', samples)];
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
      return undefined;
    }
  }

  async #samples(text: string, language: string, signal: AbortSignal): Promise<Int16Array> {
    const { media } = this.parts;
    const command = JSON.stringify(this.settings.command);
    const key = sentenceKey(text, language, command, settingsDigest(media, 'speech'));
    if (!this.#swept) void this.#cache.sweep();
    this.#swept = true;
    const kept = await this.#cache.get(key, media.rate);
    if (kept) return kept;
    signal.throwIfAborted();
    const samples = await this.#flights.join(key, signal, (given) => this.#run(key, text, language, given));
    // The last one to leave waits for the end of the program.
    if (!samples && !this.#flights.has(key)) await this.#runs.get(key);
    signal.throwIfAborted();
    return samples!;
  }

  /** @param given aborted when nobody waits any more */
  #run(key: string, text: string, language: string, given: AbortSignal): Promise<Int16Array> {
    const stop = new AbortController();
    const { limitMs } = this.settings;
    const tooLong = failed(
      `no speech within ${limitMs} ms`,
      'Try the command by hand; a slower program needs a greater `limitMs`.',
    );
    const cancel = this.parts.clock.after(limitMs, () => stop.abort(tooLong));
    given.addEventListener('abort', () => stop.abort(given.reason), { once: true });
    const run = this.#speak(key, text, language, stop).finally(cancel);
    const ended = run.catch(() => {}).finally(() => this.#runs.get(key) === ended && this.#runs.delete(key));
    this.#runs.set(key, ended);
    return run;
  }

  async #speak(key: string, text: string, language: string, stop: AbortController): Promise<Int16Array> {
    const { clock } = this.parts;
    const { signal } = stop;
    const folder = await this.#cache.work();
    try {
      const wav = await wavFromCommand({ ...this.settings, text, language, folder, clock, stop });
      const prepared = await this.#prepare(wav, folder, signal);
      const samples = await readPcm({ ...prepared, dataOffset: WAV_HEADER_BYTES });
      await this.#cache.put(key, prepared.wav);
      if (this.#trouble !== undefined) this.parts.log.info({ voice: this.name }, 'the voice works again');
      this.#trouble = undefined;
      return samples;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      await promises.rm(folder, { recursive: true, force: true }).catch(() => {});
    }
  }

  async #prepare(wav: string, folder: string, signal: AbortSignal): Promise<PreparedFile> {
    const { media, clock } = this.parts;
    this.#binary ??= findFfmpeg({ configured: media.ffmpeg, env: process.env });
    const binary = await this.#binary.catch((error: unknown) => {
      this.#binary = undefined;
      throw error;
    });
    signal.throwIfAborted();
    let files = 0;
    const temporary = (): string => join(folder, `prepared-${files++}`);
    const prepared = await prepareFile(wav, 'speech', media, { binary, clock, signal, temporary });
    if (prepared.durationMs <= MOST_SPEECH_MS) return prepared;
    throw failed('the program spoke for more than five minutes', 'It must speak what it is told, once.');
  }

  /** Once for each trouble, until it works again. */
  #tell(error: unknown): void {
    const fields = { code: 'HC_VOICE_FAILED', ...errorFields(error) };
    if (fields.error === this.#trouble) return;
    this.#trouble = fields.error;
    this.parts.log.error({ voice: this.name, ...fields }, 'the voice cannot speak');
  }
}
