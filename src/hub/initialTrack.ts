// The music with which a call begins, from the first sample: where it stopped before, or the track that its caller chose in an
// earlier call. A first CallState says so before Asterisk starts the stream. The listener is not known yet, so the state
// contains nothing but music.
import { keptPhone } from '../session/callerRecords';
import type { CallIdentity } from '../asterisk/callNews';
import type { SampleRate } from '../audio/frame';
import { musicOf, parseCallState, stateAtBeginning, type CallState } from '../session/state';
import type { StateFile } from '../store/stateFile';
import type { WriteBehindStore } from '../store/writeBehindStore';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import { setNewest } from '../util/setNewest';
import { LogThrottle } from '../util/logThrottle';

export type Caller = Pick<CallIdentity, 'uniqueid' | 'phone'>;
type Finding = Caller | undefined | Promise<Caller | undefined>;

export interface InitialTrackParts {
  /** The caller's identity; at once if it is known or cannot be found out. */
  find(uniqueid: string): Finding;
  /** `warm`: see WriteBehindStore; absent: its first answer takes no longer than others. */
  keeper: Pick<WriteBehindStore, 'choice'> & Partial<Pick<WriteBehindStore, 'warm'>>;
  states: Pick<StateFile, 'read' | 'write' | 'forget'>;
  /** Of the sound that streams give Asterisk. */
  rate: SampleRate;
  clock: Clock;
  log: Logger;
}

/** A working store answers in a few ms; with everything else a caller still waits less than the allowed 150 ms. */
const LIMIT_MS = 80;
/** If this process itself stood still for longer, the answer may be waiting unread: it gets this extra time. */
const HELD_UP_MS = 20;
/** More answers do not wait at once. */
const MOST_WAITING = 200;
const COMPLAIN_EVERY_MS = 60_000;

/** Calls of which it is remembered what was answered. */
const MOST_ANSWERED = 1000;
/** Most unused first states of one call: repeated look-ups must not fill the disk. */
const MOST_WRITTEN = 16;

interface Answered {
  /** How it begins. */
  first?: Promise<CallState | undefined>;
  /** Tokens of which a first state was written, the oldest first. */
  readonly written: string[];
}

const NOBODY = '0.0';

export class InitialTrack {
  #waiting = 0;
  /** Each class is looked up more than once, and not by its own call only: all are given the same. The oldest stands first. */
  readonly #answered = new Map<string, Answered>();
  readonly #complaint: LogThrottle;

  constructor(private readonly parts: InitialTrackParts) {
    this.#complaint = new LogThrottle(parts.clock, COMPLAIN_EVERY_MS);
  }

  /**
   * Goes the way of a look-up once: the first question takes the store far longer than those that follow, and those who
   * call just after the start would begin with any music. Never rejects; takes as long as the store does.
   */
  async warm(): Promise<void> {
    const { keeper, clock, log } = this.parts;
    const beganMs = clock.now();
    await Promise.all([this.parts.find(NOBODY), keeper.warm?.()]);
    log.debug({ ms: Math.round(clock.now() - beganMs) }, 'look-ups are fast again');
  }

  /**
   * Sees to it that the stream of a look-up begins with the music of the call that its class is named after: writes its first
   * CallState, kept by the token. What comes late is left alone: the stream may have begun. Never rejects.
   * @returns undefined: there is nothing to wait for; else resolves within 80 ms
   */
  prepare(uniqueid: string, token: string): Promise<void> | undefined {
    const kept = this.parts.states.read(uniqueid);
    const state = parseCallState(kept);
    if (state) this.#write(uniqueid, token, state);
    if (kept !== undefined) return undefined;
    return this.firstState(uniqueid)?.then((state) => state && this.#write(uniqueid, token, state));
  }

  /**
   * How a call without a state begins, for a host that plays it itself; nothing is written. Never rejects.
   * @returns undefined: there is nothing to wait for; else resolves within 80 ms, to undefined where it begins with any music
   */
  firstState(uniqueid: string): Promise<CallState | undefined> | undefined {
    const known = this.#answered.get(uniqueid)?.first;
    if (known || this.#waiting >= MOST_WAITING) return known;
    const caller = this.parts.find(uniqueid);
    if (!(caller instanceof Promise) && keptPhone(caller) === undefined) return undefined;
    this.#waiting++;
    const isThere = (): void => void (this.#answerOf(uniqueid).first ??= first);
    const first = this.#firstState(uniqueid, caller, isThere);
    return first.finally(() => this.#waiting--);
  }

  #answerOf(uniqueid: string): Answered {
    const known = this.#answered.get(uniqueid);
    if (known) return known;
    const answered = { written: [] };
    setNewest(this.#answered, uniqueid, answered, MOST_ANSWERED);
    return answered;
  }

  /** @param isThere told that there is such a call */
  async #firstState(uniqueid: string, caller: Finding, isThere: () => void): Promise<CallState | undefined> {
    const { clock, rate, log } = this.parts;
    const beganMs = clock.now();
    const choice = this.#choice(caller, isThere);
    let track = await inTime(clock, LIMIT_MS, choice);
    if (track === LATE && clock.now() - beganMs >= LIMIT_MS + HELD_UP_MS)
      track = await inTime(clock, HELD_UP_MS, choice);
    if (track === LATE) log.debug({ uniqueid }, 'the music of the caller was not known in time');
    // What a file or a database has is not taken for granted.
    return typeof track === 'string' ? parseCallState(stateAtBeginning(track, rate)) : undefined;
  }

  async #choice(finding: Finding, isThere: () => void): Promise<string | undefined> {
    try {
      const caller = await finding;
      // What was answered before there was such a call is not its answer.
      if (caller) isThere();
      const phone = keptPhone(caller);
      return phone === undefined ? undefined : await this.parts.keeper.choice(phone);
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  #write(uniqueid: string, token: string, state: CallState): void {
    const { states } = this.parts;
    const { written } = this.#answerOf(uniqueid);
    try {
      states.write(token, musicOf(state));
      written.push(token);
      if (written.length > MOST_WRITTEN) states.forget(written.shift()!);
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    this.#complaint.say((times) =>
      this.parts.log.warn(
        { ...errorFields(error), times },
        'a call does not begin with the track chosen earlier',
      ),
    );
  }
}
