// PositionAnnouncer: when callers hear their place in the queue. By itself when it gets better and every now and then,
// and whenever they ask. It keeps what they were told, so that they hear neither the same twice nor an old number: before
// a place is said, Asterisk is asked whether it is still right, since not every change makes an event.
import { isSameWait, type QueuePlace } from '../asterisk/callNews';
import type { Announcement } from '../program/announcement';
import type { Program } from '../program/program';
import type { Cancel, Clock } from '../util/clock';
import { inTime } from '../util/inTime';
import {
  type PositionRules,
  MANY_PROMPT,
  MOST_SAID,
  positionPrompt,
  positionWords,
  UNKNOWN_PROMPT,
  type PositionWords,
} from './positionWords';
import type { Prompts, Reply } from './replies';
import type { Speech } from './speech';
import { SpokenPlaces } from './spokenPlaces';
import { enoughOf, heardOf, type Telling, type LastAnnounced, type ToldPlace } from './lastAnnounced';
import { Waiting } from './waiting';

/** One announcement of a place, from when it is asked for until it is over. */
interface Saying extends Telling {
  /** The press that asked for it; undefined: it is said by itself. */
  readonly reply: Reply | undefined;
  announcement?: Announcement;
  told?: LastAnnounced;
  before?: LastAnnounced | undefined;
  began: boolean;
}

/** A press that waits for Asterisk to confirm the place, then for a voice to find its words. */
interface Question {
  readonly reply: Reply;
  readonly waiting: Waiting;
  confirmed: boolean;
}

export interface PositionParts {
  program: Program;
  prompts: Prompts;
  rules: PositionRules;
  clock: Clock;
  /** Says places for which there is no prompt; undefined: nobody does. */
  speech(): Pick<Speech, 'position'> | undefined;
  language(): string;
  /** Whether the place is still right, see `CallerRecords.confirmPlace`; undefined: nobody is asked, it counts as it is. */
  confirm?(): Promise<boolean> | undefined;
  /** What an earlier process of this call has told. */
  told?: ToldPlace | undefined;
}

/** Asterisk answers within a few ms: a place that it does not confirm by then is not known, milliseconds. */
const CHECK_MS = 1000;
/** What could not be said is tried again after this, and after twice as long each time, milliseconds. */
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 120_000;
/** A prompt may be missing because the library is still being read: it is complained of at this try. */
const COMPLAIN_AT = 3;

export class PositionAnnouncer {
  #place: QueuePlace | undefined;
  /** When the present place in this queue was known first. */
  #since = 0;
  #told: LastAnnounced | undefined;
  /** Asked for and not over. */
  #saying: Saying | undefined;
  #question: Question | undefined;
  readonly #spoken: SpokenPlaces;
  /** That question to Asterisk whether the place is right whose answer counts. */
  #asked: symbol | undefined;
  /** Asterisk could not be asked whether the place is right, and has told none since. */
  #doubted = false;
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

  /** Asterisk is being asked, or a voice is looking for words. */
  get busy(): boolean {
    return this.#asked !== undefined || this.#spoken.busy;
  }

  moveTo(place: QueuePlace | undefined): void {
    const before = this.#place;
    this.#place = place;
    this.#doubted = false;
    const sameWait = place === before || (place && before && isSameWait(place, before));
    if (!sameWait) this.#since = this.parts.clock.now();
    if (!sameWait || place?.position !== before?.position) this.#forgiveFailures();
    this.refresh();
  }

  answer(reply: Reply): void {
    const before = this.#question;
    this.#question = undefined;
    const asked = this.#ask((confirmed) => this.#confirmed(reply, confirmed));
    if (!asked) return this.#answer(this.#words(), reply, before);
    this.#question = { reply, waiting: new Waiting(this.parts, reply), confirmed: false };
    before?.waiting.end();
  }

  /** What waits to be said is said as things are now; called when the place, the language or a voice's answer is new. */
  refresh(): void {
    if (this.#closed || this.#question?.confirmed === false) return;
    const words = this.#question && this.#words();
    if (words === 'asked') return;
    if (this.#question) return this.#answer(words, this.#question.reply, this.#question);
    this.#refreshSaying();
  }

  /** What the caller was told, as far as they have heard it when the last `samplesAgo` samples have not reached them. */
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
    this.#asked = undefined;
    this.#question?.waiting.end();
    this.#question = undefined;
    if (this.#saying?.announcement) this.parts.program.cancel(this.#saying.announcement);
  }

  /**
   * Has Asterisk asked whether the place is still right.
   * @param told called once, later, if nothing else is asked before
   * @returns false: there is nobody to ask, and `told` is not called
   */
  #ask(told: (confirmed: boolean) => void): boolean {
    const answer = this.parts.confirm?.();
    if (!answer) return false;
    const asked = (this.#asked = Symbol());
    const tell = (confirmed: boolean): void => {
      if (this.#asked !== asked) return;
      this.#asked = undefined;
      told(confirmed);
    };
    inTime(this.parts.clock, CHECK_MS, answer).then(
      (confirmed) => tell(confirmed === true),
      () => tell(false),
    );
    return true;
  }

  #confirmed(reply: Reply, confirmed: boolean): void {
    this.#doubted = !confirmed;
    if (this.#question?.reply !== reply) return this.refresh();
    this.#question.confirmed = true;
    this.refresh();
  }

  /** @param before the question that it answers, or takes the place of */
  #answer(words: PositionWords | 'asked' | undefined, reply: Reply, before?: Question): void {
    this.#question = undefined;
    if (words === 'asked') {
      this.#question = { reply, waiting: new Waiting(this.parts, reply), confirmed: true };
      before?.waiting.end();
      return;
    }
    const say = (): void => (words ? this.#say(words, reply) : this.#unanswered());
    if (before) before.waiting.answered(say);
    else say();
  }

  #unanswered(): void {
    const { prompts } = this.parts;
    const place = this.#knownPlace;
    if (!place) prompts.missing(UNKNOWN_PROMPT);
    else prompts.missing(place.position > MOST_SAID ? MANY_PROMPT : positionPrompt(place.position));
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

  /**
   * Says the place if it is time to, or sees to it that this is looked at again when it is.
   * @param confirmed Asterisk has just been asked, and has told where the caller stands
   */
  #review(confirmed = false): void {
    this.#cancelTimer();
    if (this.#closed || this.#saying || this.#question || this.#asked) return;
    const dueMs = this.#dueMs();
    if (dueMs === undefined) return;
    if (!this.#isDue()) {
      const { clock } = this.parts;
      this.#cancelTimer = clock.after(dueMs - clock.now(), () => this.#review());
      return;
    }
    if (!confirmed && this.#ask((isRight) => this.#reviewed(isRight))) return;
    const words = this.#words();
    if (words === 'asked') return;
    if (words) return this.#say(words);
    this.#failed();
    if (this.#failures === COMPLAIN_AT) this.parts.prompts.missing(positionPrompt(this.#place!.position));
    this.#review();
  }

  /** A place that Asterisk does not confirm is not said by itself, and is asked for again later. */
  #reviewed(isRight: boolean): void {
    this.#doubted = !isRight;
    if (!isRight) this.#failed();
    this.#review(isRight);
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
    const better = !told || !isSameWait(told, place) || place.position < told.position;
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

  get #knownPlace(): QueuePlace | undefined {
    return this.#doubted ? undefined : this.#place;
  }

  #words(): PositionWords | 'asked' | undefined {
    const { prompts, rules } = this.parts;
    const place = this.#knownPlace;
    if (place)
      return positionWords(place, prompts, {
        wait: rules.wait,
        lastRung: this.#rungIn(place),
        spoken: (position) => this.#spoken.of(position, this.parts.language()),
      });
    const unknown = prompts.find(UNKNOWN_PROMPT);
    return unknown && { clips: [unknown], number: unknown.samples };
  }

  /** Of this wait: a caller who joins again has none to compare with. */
  #rungIn(place: QueuePlace): number | undefined {
    return this.#told && isSameWait(this.#told, place) ? this.#told.rung : undefined;
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
    const place = this.#knownPlace;
    if (!place) return;
    const { queue, position, joinedMs } = place;
    const rung = saying.words.rung ?? this.#rungIn(place);
    this.#told = saying.told = { queue, position, joinedMs, atMs: this.parts.clock.now(), rung };
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
