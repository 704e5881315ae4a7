// PositionAnnouncer: when a caller hears his place in the queue. By itself when it gets better and every now and then,
// and whenever he asks. It keeps what the caller was told, so that he is told neither the same twice nor an old number.
import type { QueuePlace } from '../asterisk/feed';
import type { Announcement } from '../program/announcement';
import type { Program } from '../program/program';
import type { Cancel, Clock } from '../util/clock';
import type { PositionRules } from './position';
import {
  MANY_PROMPT,
  MOST_SAID,
  positionPrompt,
  positionWords,
  UNKNOWN_PROMPT,
  type PositionWords,
} from './positionWords';
import type { Prompts } from './prompts';
import type { Reply } from './replies';
import type { Speech } from './speech';
import { SpokenPlaces } from './spokenPlaces';
import { enoughOf, heardOf, type Telling, type Told, type ToldPlace } from './told';
import { Waiting } from './waiting';

/** One announcement of a place, from when it is asked for until it is over. */
interface Saying extends Telling {
  /** The press that asked for it; undefined: it is said by itself. */
  readonly reply: Reply | undefined;
  announcement?: Announcement;
  told?: Told;
  before?: Told | undefined;
  began: boolean;
}

/** A press that waits for a voice to find its words. */
interface Question {
  readonly reply: Reply;
  readonly waiting: Waiting;
}

export interface PositionParts {
  program: Program;
  prompts: Prompts;
  rules: PositionRules;
  clock: Clock;
  /** Says places for which there is no prompt; undefined: nobody does. */
  speech(): Speech | undefined;
  language(): string;
  /** What an earlier process of this call has told. */
  told?: ToldPlace | undefined;
}

/** What could not be said is tried again after this, and after twice as long each time, milliseconds. */
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 120_000;
/** A prompt may be missing because the library is still being read: it is complained of at this try. */
const COMPLAIN_AT = 3;

export class PositionAnnouncer {
  #place: QueuePlace | undefined;
  /** When the present place in this queue was known first. */
  #since = 0;
  #told: Told | undefined;
  /** Asked for and not over. */
  #saying: Saying | undefined;
  #question: Question | undefined;
  readonly #spoken: SpokenPlaces;
  /** The last that began, which the caller may not have heard yet. */
  #latest: Saying | undefined;
  #failures = 0;
  #notBefore = -Infinity;
  #cancelTimer: Cancel = () => {};
  #closed = false;

  constructor(private readonly parts: PositionParts) {
    const { told, clock } = parts;
    this.#spoken = new SpokenPlaces({ speech: () => parts.speech(), clock, onAnswer: () => this.refresh() });
    if (!told) return;
    const { wallMs, ...place } = told;
    this.#told = { ...place, atMs: clock.now() - Math.max(0, clock.wall() - wallMs) };
  }

  get place(): QueuePlace | undefined {
    return this.#place;
  }

  /** A voice is looking for words. */
  get busy(): boolean {
    return this.#spoken.busy;
  }

  /** A new place; undefined: none is known, and none is said by itself. */
  moveTo(place: QueuePlace | undefined): void {
    const before = this.#place;
    this.#place = place;
    if (place?.queue !== before?.queue) this.#since = this.parts.clock.now();
    if (place?.queue !== before?.queue || place?.position !== before?.position) this.#forgiveFailures();
    this.refresh();
  }

  /** The caller asks. */
  answer(reply: Reply): void {
    this.#answer(this.#words(), reply);
  }

  /** What waits to be said is said as things are now; called when the place, the language or a voice's answer is new. */
  refresh(): void {
    if (this.#closed) return;
    const words = this.#question && this.#words();
    if (words === 'asked') return;
    if (this.#question) return this.#answer(words, this.#question.reply);
    this.#refreshSaying();
  }

  /** What the caller was told, as far as he has heard it when the last `samplesAgo` samples have not reached him. */
  toldAt(samplesAgo: number): ToldPlace | undefined {
    const { program, clock } = this.parts;
    const { announcement, told } = this.#latest ?? {};
    const unsure = announcement && told && told === this.#told;
    const heard = unsure ? heardOf(this.#latest!, program.spoken(announcement, samplesAgo)) : this.#told;
    if (!heard) return undefined;
    const { atMs, ...place } = heard;
    return { ...place, wallMs: clock.wall() - (clock.now() - atMs) };
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#spoken.close();
    this.#question?.waiting.end();
    this.#question = undefined;
    if (this.#saying?.announcement) this.parts.program.cancel(this.#saying.announcement);
  }

  #answer(words: PositionWords | 'asked' | undefined, reply: Reply): void {
    const before = this.#question;
    this.#question = undefined;
    if (words === 'asked') {
      this.#question = { reply, waiting: new Waiting(this.parts, reply) };
      before?.waiting.end();
      return;
    }
    const say = (): void => (words ? this.#say(words, reply) : this.#unanswered());
    if (before) before.waiting.answered(say);
    else say();
  }

  #unanswered(): void {
    const { prompts } = this.parts;
    if (!this.#place) prompts.missing(UNKNOWN_PROMPT);
    else
      prompts.missing(this.#place.position > MOST_SAID ? MANY_PROMPT : positionPrompt(this.#place.position));
    this.#review();
  }

  #refreshSaying(): void {
    const saying = this.#saying;
    if (!saying || saying.began) return this.#review();
    const words = saying.reply || this.#isDue() ? this.#words() : undefined;
    if (words === 'asked' && saying.reply) this.#answer(words, saying.reply);
    if (!words || words === 'asked') return this.#withdraw(saying);
    if (!sameClips(words, saying.words)) this.#say(words, saying.reply);
  }

  /** Says the place if it is time to, or sees to it that this is looked at again when it is. */
  #review(): void {
    this.#cancelTimer();
    if (this.#closed || this.#saying || this.#question) return;
    const dueMs = this.#dueMs();
    if (dueMs === undefined) return;
    if (!this.#isDue()) {
      const { clock } = this.parts;
      this.#cancelTimer = clock.after(dueMs - clock.now(), () => this.#review());
      return;
    }
    const words = this.#words();
    if (words === 'asked') return;
    if (words) return this.#say(words);
    this.#failed();
    if (this.#failures === COMPLAIN_AT) this.parts.prompts.missing(positionPrompt(this.#place!.position));
    this.#review();
  }

  #isDue(): boolean {
    return (this.#dueMs() ?? Infinity) <= this.parts.clock.now();
  }

  /** When the place is to be said by itself, by the monotonic clock; undefined: not as things are. */
  #dueMs(): number | undefined {
    const { announce, gapMs, everyMs } = this.parts.rules;
    const [place, told] = [this.#place, this.#told];
    if (!announce || !place) return undefined;
    const ownSentence = place.position <= MOST_SAID || this.#hasSentence(place.position);
    const better = !told || told.queue !== place.queue || place.position < told.position;
    if (better && ownSentence) return Math.max(this.#notBefore, told ? told.atMs + gapMs : -Infinity);
    if (everyMs === 0) return undefined;
    return Math.max(this.#notBefore, (told?.atMs ?? this.#since) + Math.max(everyMs, gapMs));
  }

  #hasSentence(position: number): boolean {
    const { prompts } = this.parts;
    return (
      prompts.find(positionPrompt(position)) !== undefined ||
      this.#spoken.may(position, this.parts.language())
    );
  }

  #words(): PositionWords | 'asked' | undefined {
    const { prompts, rules } = this.parts;
    const place = this.#place;
    if (place)
      return positionWords(place, prompts, {
        wait: rules.wait,
        lastRung: this.#rungIn(place.queue),
        spoken: (position) => this.#spoken.of(position, this.parts.language()),
      });
    const unknown = prompts.find(UNKNOWN_PROMPT);
    return unknown && { clips: [unknown], number: unknown.samples };
  }

  #rungIn(queue: string): number | undefined {
    return this.#told?.queue === queue ? this.#told.rung : undefined;
  }

  /** In the place of what waits to be said, if something does. */
  #say(words: PositionWords, reply?: Reply): void {
    const { program } = this.parts;
    this.#cancelTimer();
    const waiting = this.#saying?.began ? undefined : this.#saying?.announcement;
    const saying: Saying = { words, reply, began: false };
    this.#saying = saying;
    const listening = {
      began: () => this.#began(saying),
      over: (spoken: number) => this.#over(saying, spoken),
    };
    const { clips, title = clips[0]!.title } = words;
    const said = { clips, title, ...(words.title && { composed: true }) };
    if (reply) {
      saying.announcement = reply.say(said, listening);
    } else {
      saying.announcement = { kind: 'position', ...said };
      program.say(saying.announcement, listening);
    }
    // Only now, so that the music stays down between the two.
    if (waiting) program.cancel(waiting);
  }

  #withdraw(saying: Saying): void {
    this.#saying = undefined;
    this.parts.program.cancel(saying.announcement!);
    this.#review();
  }

  #began(saying: Saying): void {
    saying.began = true;
    saying.before = this.#told;
    this.#latest = saying;
    const place = this.#place;
    if (!place) return;
    const rung = saying.words.rung ?? this.#rungIn(place.queue);
    this.#told = saying.told = {
      queue: place.queue,
      position: place.position,
      atMs: this.parts.clock.now(),
      ...(rung !== undefined && { rung }),
    };
  }

  #over(saying: Saying, spoken: number): void {
    if (saying.told && saying.told === this.#told) this.#told = heardOf(saying, spoken);
    if (this.#saying !== saying) return;
    this.#saying = undefined;
    if (spoken >= enoughOf(saying.words)) this.#forgiveFailures();
    else this.#failed();
    this.#review();
  }

  #failed(): void {
    const pauseMs = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
    this.#notBefore = this.parts.clock.now() + pauseMs;
  }

  #forgiveFailures(): void {
    this.#failures = 0;
    this.#notBefore = -Infinity;
  }
}

function sameClips(one: PositionWords, other: PositionWords): boolean {
  return one.clips.length === other.clips.length && one.clips.every((clip, i) => clip === other.clips[i]);
}
