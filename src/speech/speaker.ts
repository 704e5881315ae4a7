// Speaker: a caller's sentence as clips, in their language, in the first voice that can say all of it.
// Where none can, the house's own language is tried; half a sentence, or one in two languages, is never heard.
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import type { Language, SpokenAccount } from './language';
import { languageFor } from './languages';
import type { Spoken } from './spoken';
import type { Utterance, Voice } from './voice';

export interface SpeakerParts {
  /** In the order in which they are tried. */
  readonly voices: readonly Voice[];
  /** The house's language. */
  readonly fallbackLanguage: string;
  readonly log: Logger;
  /** Grammars by tag; the house's when absent. */
  readonly languageOf?: (tag: string) => Language | undefined;
}

type Sentence = (language: Language) => Spoken;

export class Speaker implements Closeable {
  readonly #closed = new AbortController();
  readonly #working = new Set<Promise<unknown>>();
  /** Languages in which nobody could speak, told once until somebody can. */
  readonly #silent = new Set<string>();

  constructor(private readonly parts: SpeakerParts) {}

  /** A whole sentence, or undefined, and the log says why. Never rejects; aborting ends what is at work. */
  balance(
    accounts: readonly SpokenAccount[],
    language: string,
    signal: AbortSignal,
  ): Promise<Utterance | undefined> {
    return this.#kept((grammar) => grammar.balance(accounts), language, signal);
  }

  /** The place in the queue, as `balance`. */
  position(place: number, language: string, signal: AbortSignal): Promise<Utterance | undefined> {
    return this.#kept((grammar) => grammar.position(place), language, signal);
  }

  /** Ends what is at work, and waits for its end. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#working);
  }

  async #kept(sentence: Sentence, language: string, signal: AbortSignal): Promise<Utterance | undefined> {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    const signals = [signal, this.#closed.signal];
    for (const each of signals) each.addEventListener('abort', onAbort, { once: true });
    if (signals.some(({ aborted }) => aborted)) stop.abort();
    const work = this.#say(sentence, language, stop.signal);
    this.#working.add(work);
    try {
      return await work;
    } finally {
      this.#working.delete(work);
      for (const each of signals) each.removeEventListener('abort', onAbort);
    }
  }

  async #say(sentence: Sentence, language: string, signal: AbortSignal): Promise<Utterance | undefined> {
    for (const [tag, grammar] of this.#languages(language)) {
      const spoken = this.#compose(sentence, grammar);
      const clips = spoken && (await this.#spokenBy(spoken, tag, signal));
      if (signal.aborted) return undefined;
      if (!clips) continue;
      this.#silent.delete(language);
      return clips;
    }
    if (!signal.aborted) this.#tell(language);
    return undefined;
  }

  /** The caller's, then the house's, as far as there is their grammar. */
  #languages(language: string): Iterable<readonly [tag: string, Language]> {
    const { fallbackLanguage, languageOf = languageFor } = this.parts;
    const found = new Map<Language, string>();
    for (const tag of [language, fallbackLanguage]) {
      const grammar = languageOf(tag);
      if (grammar && !found.has(grammar)) found.set(grammar, tag);
    }
    return [...found].map(([grammar, tag]) => [tag, grammar] as const);
  }

  /** A number that no language has words for (RangeError) is nobody's to say. */
  #compose(sentence: Sentence, grammar: Language): Spoken | undefined {
    try {
      return sentence(grammar);
    } catch {
      return undefined;
    }
  }

  async #spokenBy(spoken: Spoken, language: string, signal: AbortSignal): Promise<Utterance | undefined> {
    for (const voice of this.parts.voices) {
      if (signal.aborted) return undefined;
      try {
        const clips = await voice.clips(spoken, language, signal);
        if (clips && clips.length > 0) return clips;
      } catch (error) {
        this.parts.log.error({ voice: voice.name, ...errorFields(error) }, 'the voice cannot speak');
      }
    }
    return undefined;
  }

  #tell(language: string): void {
    if (this.#silent.has(language)) return;
    this.#silent.add(language);
    const hint = '`holdcast media check` lists what is missing; docs/speech.md tells how to add a voice.';
    this.parts.log.error({ code: 'HC_VOICE_FAILED', language, hint }, 'no voice can say a sentence');
  }
}
