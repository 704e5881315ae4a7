// Asked: answers, in the main thread, what the calls of one mixing thread ask: choices, balances, sentences, operators'
// functions. Whatever fails here is an answer; a mixing thread never waits for more than that.
import type { BackOffice } from '../../asterisk/backOffice';
import { encodeS16 } from '../../audio/frame';
import type { Clip } from '../../audio/source';
import type { KeyBindings } from '../../session/keys';
import type { Speech } from '../../session/speech';
import type { Clock } from '../../util/clock';
import { errorFields } from '../../util/errors';
import type { Logger } from '../../util/log';
import type { Closeable } from '../../util/scope';
import type { Answer, FromMixer, Question, SpokenClip, ToMixer } from '../mixer/messages';
import { LogThrottle } from '../../util/logThrottle';
import { AskedFunction } from './askedFunctions';

export interface AskedParts {
  /** Who answers for a call; undefined: it is over, or there is nobody. */
  office(token: string): BackOffice | undefined;
  /** Undefined: nobody says numbers (yet). */
  speech(): Speech | undefined;
  /** What keys do, by the config of this moment. */
  keys(): KeyBindings;
  /** @param transfer what goes over to the thread and is not here any more */
  post(message: ToMixer, transfer?: readonly ArrayBuffer[]): void;
  /** Told how long the answer to each question took, milliseconds. */
  onAnswered?(about: Question['about'], tookMs: number): void;
  clock: Clock;
  log: Logger;
}

type FunctionQuestion = Extract<Question, { about: 'function' }>;
type PlainQuestion = Exclude<Question, FunctionQuestion>;

/** Questions of one thread at once; a few for each of its calls. */
const MOST_ASKED = 20_000;
/** Functions that are over and whose last words are not; the oldest is forgotten. */
const MOST_SPEAKING = 1000;
/** Samples of one sentence: a minute at the highest rate. */
const LONGEST_SENTENCE = 60 * 48_000;
/** Samples that are read at once, so that the main thread does other things between. */
const SLICE = 48_000;
/** One line in a minute says that voices or offices fail: each call may meet it. */
const SAY_MS = 60_000;

export class Asked implements Closeable {
  readonly #questions = new Map<number, AbortController>();
  readonly #functions = new Map<number, AskedFunction>();
  readonly #speaking = new Map<number, AskedFunction>();
  readonly #failures: LogThrottle;
  #closed = false;

  constructor(private readonly parts: AskedParts) {
    this.#failures = new LogThrottle(parts.clock, SAY_MS);
  }

  /** What is being answered. */
  get pending(): number {
    return this.#questions.size + this.#functions.size + this.#speaking.size;
  }

  hear(message: Extract<FromMixer, { type: 'ask' | 'cancel' | 'done' }>): void {
    if (this.#closed) return;
    const { id } = message;
    switch (message.type) {
      case 'ask':
        return this.#ask(id, message.token, message.question);
      case 'cancel':
        return this.#cancel(id);
      case 'done': {
        const speaker = this.#functions.get(id) ?? this.#speaking.get(id);
        speaker?.done(message);
        if (!speaker?.speaks) this.#speaking.delete(id);
      }
    }
  }

  /** The thread is gone: what is at work for it is aborted, and nothing is answered. May be called again. */
  close(): void {
    this.#closed = true;
    for (const id of [...this.#questions.keys(), ...this.#functions.keys(), ...this.#speaking.keys()])
      this.#cancel(id);
  }

  #cancel(id: number): void {
    this.#questions.get(id)?.abort();
    this.#questions.delete(id);
    for (const functions of [this.#functions, this.#speaking]) {
      functions.get(id)?.abort();
      functions.delete(id);
    }
  }

  #ask(id: number, token: string, question: Question): void {
    const tooMuch = this.#questions.size + this.#functions.size >= MOST_ASKED;
    if (question.about === 'function') {
      if (tooMuch)
        return this.#answer(id, { about: 'function', failure: { message: 'too much is at work' } });
      return this.#run(id, question);
    }
    if (tooMuch) return this.#answer(id, noneTo(question));
    const askedAt = this.parts.clock.now();
    const abort = new AbortController();
    this.#questions.set(id, abort);
    void this.#answerTo(token, question, abort.signal)
      .catch((error: unknown) => {
        this.#failed(question, error);
        return noneTo(question);
      })
      .then((answer) => {
        if (!this.#questions.delete(id)) return;
        this.#answer(id, answer);
        this.parts.onAnswered?.(question.about, this.parts.clock.now() - askedAt);
      });
  }

  async #answerTo(token: string, question: PlainQuestion, signal: AbortSignal): Promise<Answer> {
    const { about } = question;
    if (about === 'choice') return { about, track: await this.parts.office(token)?.choice() };
    if (about === 'place')
      return { about, confirmed: (await this.parts.office(token)?.confirmPlace?.()) === true };
    if (about === 'balance') {
      const { language, pin } = question;
      const answer = await this.parts.office(token)?.balance(language, pin, signal);
      return answer ? { about, answer } : noneTo(question);
    }
    const clips = await this.#sentence(question, signal);
    return { about, clips: clips && (await this.#readOut(clips, signal)) };
  }

  async #sentence(
    question: Extract<Question, { about: 'say-balance' | 'say-position' }>,
    signal: AbortSignal,
  ): Promise<readonly Clip[] | undefined> {
    const speech = this.parts.speech();
    const { language } = question;
    return question.about === 'say-balance'
      ? speech?.balance(question.accounts, language, signal)
      : speech?.position(question.place, language, signal);
  }

  /** Undefined: it is longer than any sentence, or not wanted any more. @throws where one of them cannot be read whole */
  async #readOut(clips: readonly Clip[], signal: AbortSignal): Promise<readonly SpokenClip[] | undefined> {
    if (clips.reduce((sum, { samples }) => sum + samples, 0) > LONGEST_SENTENCE) return undefined;
    const spoken: SpokenClip[] = [];
    for (const clip of clips) {
      const samples = await this.#samplesOf(clip, signal);
      if (signal.aborted) return undefined;
      spoken.push({ id: clip.id, title: clip.title, samples });
    }
    return spoken;
  }

  async #samplesOf(clip: Clip, signal: AbortSignal): Promise<Int16Array> {
    const samples = new Int16Array(clip.samples);
    const slice = new Float32Array(Math.min(SLICE, clip.samples));
    const reader = clip.open();
    try {
      for (let at = 0; at < samples.length && !signal.aborted;) {
        if (at > 0) await new Promise<void>((resolve) => this.parts.clock.after(0, resolve));
        const count = Math.min(slice.length, samples.length - at);
        if (reader.read(slice, 0, count) < count) throw new Error('a clip became shorter');
        encodeS16(slice.subarray(0, count), samples.subarray(at, at + count));
        at += count;
      }
      return samples;
    } finally {
      reader.close();
    }
  }

  #run(id: number, question: FunctionQuestion): void {
    const askedAt = this.parts.clock.now();
    const keys = this.parts.keys();
    const action = Object.hasOwn(keys, question.digit) ? keys[question.digit]!.action : undefined;
    // The config was changed while the key was on its way.
    if (typeof action !== 'function')
      return this.#answer(id, { about: 'function', failure: { message: 'this function is no more' } });
    const run = new AskedFunction({
      action,
      question,
      deed: (deed) => this.parts.post({ type: 'deed', id, deed }),
      ended: (failure) => {
        this.#functions.delete(id);
        if (run.speaks) this.#letSpeak(id, run);
        this.#answer(id, { about: 'function', ...(failure && { failure }) });
        this.parts.onAnswered?.('function', this.parts.clock.now() - askedAt);
      },
    });
    this.#functions.set(id, run);
    run.start();
  }

  #letSpeak(id: number, run: AskedFunction): void {
    this.#speaking.set(id, run);
    if (this.#speaking.size > MOST_SPEAKING) this.#cancel(this.#speaking.keys().next().value!);
  }

  #answer(id: number, answer: Answer): void {
    if (this.#closed) return;
    const clips = 'clips' in answer ? (answer.clips ?? []) : [];
    this.parts.post(
      { type: 'answer', id, answer },
      clips.map(({ samples }) => samples.buffer as ArrayBuffer),
    );
  }

  #failed({ about }: Question, error: unknown): void {
    this.#failures.say((times) =>
      this.parts.log.error({ about, times, ...errorFields(error) }, 'a question of a call failed'),
    );
  }
}

function noneTo({ about }: PlainQuestion): Answer {
  if (about === 'choice') return { about, track: undefined };
  if (about === 'place') return { about, confirmed: false };
  if (about === 'balance') return { about, answer: { status: 'unavailable' } };
  return { about, clips: undefined };
}
