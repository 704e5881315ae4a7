// The Speech of a stream: grammar and voices are loaded when a sentence is wanted first, since most calls want none.
// While billing is asked, or the music goes down, there is time for it.
import { speakerSettings } from '../config/rules';
import type { ResolvedConfig } from '../config/types';
import type { Speech } from '../session/speech';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';

export interface SpeakingParts {
  config: ResolvedConfig;
  clock: Clock;
  log: Logger;
  requestPreparation: () => void;
}

export class Speaking implements Speech, Closeable {
  #speaker: Promise<(Speech & Closeable) | undefined> | undefined;

  constructor(private readonly parts: SpeakingParts) {}

  balance: Speech['balance'] = async (...asked) => (await this.#loaded())?.balance(...asked);

  position: Speech['position'] = async (...asked) => (await this.#loaded())?.position(...asked);

  /** Ends programs that are at work. May be called again. */
  async close(): Promise<void> {
    await (await this.#speaker)?.close();
  }

  #loaded(): Promise<(Speech & Closeable) | undefined> {
    this.#speaker ??= this.#load();
    return this.#speaker;
  }

  async #load(): Promise<(Speech & Closeable) | undefined> {
    const { config, ...parts } = this.parts;
    try {
      const { openSpeaker } = await import('../speech/open');
      return await openSpeaker({ ...speakerSettings(config), ...parts });
    } catch (error) {
      parts.log.error(errorFields(error), 'nobody can speak numbers');
      return undefined;
    }
  }
}
