// RemoteSpeech: the Speech of one call in a mixing thread. Voices are the main thread's; what they say comes back as
// samples, whole, before the first word is heard.
import { memoryClip, type Clip } from '../../audio/source';
import { SPEECH_MS, type Speech } from '../../session/speech';
import type { SpokenAccount } from '../../speech/language';
import type { Question, SpokenClip } from './messages';
import type { Questions } from './questions';

/** A little longer than a Session waits. */
const LIMIT_MS = SPEECH_MS + 1000;

type Sentence = Extract<Question, { about: 'say-balance' | 'say-position' }>;

export class RemoteSpeech implements Speech {
  constructor(
    private readonly token: string,
    private readonly questions: Questions,
  ) {}

  balance(
    accounts: readonly SpokenAccount[],
    language: string,
    signal: AbortSignal,
  ): Promise<readonly Clip[] | undefined> {
    return this.#say({ about: 'say-balance', accounts, language }, signal);
  }

  position(place: number, language: string, signal: AbortSignal): Promise<readonly Clip[] | undefined> {
    return this.#say({ about: 'say-position', place, language }, signal);
  }

  async #say(sentence: Sentence, signal: AbortSignal): Promise<readonly Clip[] | undefined> {
    const limits = { limitMs: LIMIT_MS, signals: [signal] };
    return (await this.questions.ask(this.token, sentence, limits))?.clips?.map(clipOf);
  }
}

const clipOf = ({ id, samples, title }: SpokenClip): Clip => memoryClip(id, samples, title);
