// With which music a call begins, heard from the first sample: where it was before, or the track that its caller chose in an
// earlier call. Before Asterisk starts the stream, a first CallState says so. Nobody knows yet who will hear it, so there
// is nothing in it but music.
import { keptPhone } from '../asterisk/backOffice';
import type { SampleRate } from '../audio/frame';
import { musicOf, parseCallState, type CallState } from '../session/state';
import type { CallStates } from '../store/callStates';
import type { StoreKeeper } from '../store/keeper';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import type { Caller } from './callers';
import { Seldom } from './seldom';

type Finding = Caller | undefined | Promise<Caller | undefined>;

export interface WelcomeParts {
  /** Who calls; at once where that is known or cannot be found out. */
  find(uniqueid: string): Finding;
  /** `warm`: see StoreKeeper; absent: its first answer takes no longer than others. */
  keeper: Pick<StoreKeeper, 'choice'> & Partial<Pick<StoreKeeper, 'warm'>>;
  states: Pick<CallStates, 'read' | 'write'>;
  /** Of the sound that streams give Asterisk. */
  rate: SampleRate;
  clock: Clock;
  log: Logger;
}

/** A store that works answers in a few ms; with all that comes on top nobody waits the 150 ms that there are. */
const LIMIT_MS = 80;
/** Where this process itself stood still for so much longer, the answer may lie there unread: it is given this once more. */
const HELD_UP_MS = 20;
/** More answers do not wait at once. */
const MOST_WAITING = 200;
const COMPLAIN_EVERY_MS = 60_000;

/** Calls whose look-ups have been answered, as many as are remembered. */
const MOST_ANSWERED = 1000;

/** No call's Uniqueid. */
const NOBODY = '0.0';

export class Welcome {
  #waiting = 0;
  /** Asterisk looks each class up more than once: only the first answer waits. The oldest stands first. */
  readonly #answered = new Set<string>();
  readonly #complaint: Seldom;

  constructor(private readonly parts: WelcomeParts) {
    this.#complaint = new Seldom(parts.clock, COMPLAIN_EVERY_MS);
  }

  /**
   * Goes the way of a look-up once: the first question takes the store far longer than those that follow, and those who
   * call just after the start would begin with any music. Never rejects; takes as long as the store does.
   */
  async warm(): Promise<void> {
    const { keeper, clock, log } = this.parts;
    const beganMs = clock.now();
    await Promise.all([this.parts.find(NOBODY), keeper.warm?.()]);
    log.debug({ ms: Math.round(clock.now() - beganMs) }, 'look-ups are quick from now on');
  }

  /**
   * Sees to it that the stream of a look-up begins with the music of the call that its class is named after: writes its first
   * CallState, kept by the token. What comes late is left alone: the stream may have begun. Never rejects.
   * @returns undefined: there is nothing to wait for; else resolves within 80 ms
   */
  prepare(uniqueid: string, token: string): Promise<void> | undefined {
    const kept = this.parts.states.read(uniqueid);
    const state = parseCallState(kept);
    if (state) this.#write(token, state);
    if (kept !== undefined) return undefined;
    return this.firstState(uniqueid)?.then((state) => state && this.#write(token, state));
  }

  /**
   * How a call begins of which nothing is kept, for who plays it himself; nothing is written. Never rejects.
   * @returns undefined: there is nothing to wait for; else resolves within 80 ms, to undefined where it begins with any music
   */
  firstState(uniqueid: string): Promise<CallState | undefined> | undefined {
    if (this.#waiting >= MOST_WAITING || this.#answered.has(uniqueid)) return undefined;
    const caller = this.parts.find(uniqueid);
    if (!(caller instanceof Promise) && keptPhone(caller) === undefined) return undefined;
    this.#waiting++;
    return this.#firstState(uniqueid, caller).finally(() => this.#waiting--);
  }

  #noteAnswered(uniqueid: string): void {
    this.#answered.add(uniqueid);
    const [oldest] = this.#answered;
    if (this.#answered.size > MOST_ANSWERED) this.#answered.delete(oldest!);
  }

  async #firstState(uniqueid: string, caller: Finding): Promise<CallState | undefined> {
    const { clock, rate, log } = this.parts;
    const beganMs = clock.now();
    const choice = this.#choice(uniqueid, caller);
    let track = await inTime(clock, LIMIT_MS, choice);
    if (track === LATE && clock.now() - beganMs >= LIMIT_MS + HELD_UP_MS)
      track = await inTime(clock, HELD_UP_MS, choice);
    if (track === LATE) log.debug({ uniqueid }, 'not known in time with which music the call begins');
    // What a file or a database has is not taken for granted.
    return typeof track === 'string' ? parseCallState(stateOf(track, rate)) : undefined;
  }

  async #choice(uniqueid: string, finding: Finding): Promise<string | undefined> {
    try {
      const caller = await finding;
      // Who asks before there is such a call takes nothing from it.
      if (caller) this.#noteAnswered(uniqueid);
      const phone = keptPhone(caller);
      return phone === undefined ? undefined : await this.parts.keeper.choice(phone);
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  #write(token: string, state: CallState): void {
    try {
      this.parts.states.write(token, musicOf(state));
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    this.#complaint.say((times) =>
      this.parts.log.warn(
        { ...errorFields(error), times },
        'a call does not begin with the music chosen before',
      ),
    );
  }
}

/** Nothing has been heard of it yet. */
function stateOf(trackId: string, rate: SampleRate): CallState {
  return {
    version: 1,
    rate,
    music: { trackId, sample: 0 },
    heardSamples: 0,
    heard: [],
    bag: [],
    quiet: false,
    hushed: false,
    pressed: {},
  };
}
