// Balance: asks the operator's function for a caller's balance and says it, whole or not at all.
// Only a caller whose number is certain is answered: what is said here belongs to one person.
import type { Clip } from '../audio/source';
import type { Announcement } from '../program/announcement';
import type { Program } from '../program/program';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { BalanceCaller, BalanceFunction } from './actions';
import type { Call } from './call';
import { Limited, type Outcome } from './limited';
import type { Prompts } from './prompts';
import type { Reply } from './replies';

export interface BalanceParts {
  program: Program;
  prompts: Prompts;
  /** Absent: nobody knows a balance. */
  balance?: BalanceFunction | undefined;
  clock: Clock;
  log: Logger;
  call(): Call;
}

/** A function that takes longer has no answer, milliseconds. */
const LIMIT_MS = 3000;
/** A caller who waits longer is asked for a moment, milliseconds. */
const MOMENT_MS = 1000;
const MOST_PROMPTS = 50;

export class Balance {
  #asking: Limited<unknown> | undefined;

  constructor(private readonly parts: BalanceParts) {}

  /** It is being asked for. */
  get busy(): boolean {
    return this.#asking !== undefined;
  }

  answer(reply: Reply): void {
    const { balance, clock } = this.parts;
    const caller = this.#caller();
    if (!balance) return this.#say(reply, 'balance-unavailable');
    if (!caller) return this.#say(reply, 'balance-unknown-caller');
    let moment: Announcement | undefined;
    let begun = false;
    const cancelMoment = clock.after(MOMENT_MS, () => {
      const clips = this.parts.prompts.all(['one-moment']);
      if (clips) moment = reply.say({ clips }, { began: () => void (begun = true) });
    });
    const limited = new Limited<unknown>(clock, { limitMs: LIMIT_MS }, (outcome) => {
      cancelMoment();
      this.#asking = undefined;
      this.#sayOutcome(reply, caller, outcome);
      if (moment && !begun) this.parts.program.cancel(moment);
    });
    this.#asking = limited;
    limited.signal.addEventListener('abort', cancelMoment);
    limited.start((signal) => balance({ ...caller, signal }));
  }

  /** The call is over: nothing is asked or said any more. */
  close(): void {
    this.#asking?.end();
    this.#asking = undefined;
  }

  /** Who may hear a balance; undefined when that is not certain. */
  #caller(): Omit<BalanceCaller, 'signal'> | undefined {
    const { certain, phone, uniqueid, language } = this.parts.call();
    return certain && phone && uniqueid ? { phone, uniqueid, language } : undefined;
  }

  #sayOutcome(reply: Reply, asked: { phone: string }, outcome: Outcome<unknown>): void {
    const clips = this.#caller()?.phone === asked.phone ? this.#clipsOf(outcome) : undefined;
    if (clips) reply.say({ clips, title: 'Balance', personal: true });
    else this.#say(reply, 'balance-unavailable');
  }

  /** The clips that say it; undefined after logging why there are none, without a word of what they would say. */
  #clipsOf(outcome: Outcome<unknown>): readonly Clip[] | undefined {
    const { prompts, log } = this.parts;
    const failed = (fields: object): undefined => {
      log.error({ code: 'HC_ACTION_FAILED', ...fields }, 'the balance is not available');
    };
    if (outcome.status === 'failed') return failed(errorFields(outcome.error));
    const names = outcome.value;
    if (!isNames(names)) return failed({ error: 'answered something else than a list of names of prompts' });
    if (names.length === 0) return void log.info({}, 'the balance is not known');
    const clips = names.map((name) => prompts.find(name));
    const missing = clips.indexOf(undefined);
    const hint = 'each name is that of a file in prompts/<language> of the media folder';
    if (missing >= 0)
      return failed({ error: `prompt ${missing + 1} of ${names.length} does not exist`, hint });
    return clips.filter((clip) => clip !== undefined);
  }

  #say(reply: Reply, prompt: string): void {
    const clips = this.parts.prompts.all([prompt]);
    if (clips) reply.say({ clips });
  }
}

function isNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length <= MOST_PROMPTS && value.every((name) => typeof name === 'string')
  );
}
