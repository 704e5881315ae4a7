// PinPad: takes a caller's keys as the digits of their PIN, over ducked music. While it is open no key does anything else.
// The digits are in nothing but this object, and in what it hands on: no log, no state, no journal has them.
import type { Announcement } from '../program/announcement';
import type { Program } from '../program/program';
import type { Cancel, Clock } from '../util/clock';
import type { Prompts, Reply } from './replies';

export interface PinPadParts {
  program: Program;
  prompts: Prompts;
  clock: Clock;
}

export interface PinQuestion {
  readonly wrong: boolean;
  readonly digits: number;
}

/** How the entry of a PIN ended: complete, cancelled with a key, or no more keys. */
export type PinEnd = 'keyed' | 'given up' | 'idle';

interface Entry {
  readonly digits: number;
  readonly prompt: { announcement?: Announcement };
  readonly letUp: Cancel;
  readonly done: (pin: string | undefined, why: PinEnd) => void;
  keyed: string;
  /** The caller has pressed a key: the prompt is over for them. */
  touched: boolean;
  cancelLimit: Cancel;
}

/** Time without a key, from the end of the prompt, after which the PIN is cancelled, milliseconds. */
const IDLE_MS = 8000;
/** Whatever billing asks for. */
const MOST_DIGITS = 32;

/** Closed; open by `ask`, first with the prompt, then with a time limit for each key; closed by `close`, or with how it ended. */
export class PinPad {
  #entry: Entry | undefined;

  constructor(private readonly parts: PinPadParts) {}

  get open(): boolean {
    return this.#entry !== undefined;
  }

  /**
   * Asks for a PIN.
   * @param done is given it, or undefined when it was given up; not called after `close`
   * @returns false when there is no prompt that asks for it: it is not asked for then
   */
  ask({ wrong, digits }: PinQuestion, reply: Reply, done: Entry['done']): boolean {
    const { program, prompts } = this.parts;
    const clips = prompts.all([wrong ? 'wrong-pin' : 'enter-pin']);
    if (!clips) return false;
    this.close();
    const entry: Entry = {
      digits: Math.min(MOST_DIGITS, Math.max(1, digits)),
      prompt: {},
      letUp: program.expectVoice(Infinity),
      done,
      keyed: '',
      touched: false,
      cancelLimit: () => {},
    };
    this.#entry = entry;
    entry.prompt.announcement = reply.say({ clips }, { over: () => this.#asked(entry) });
    return true;
  }

  /**
   * A key (0–9, *, #) while it is open: a digit is one of the PIN; # ends it, and without a digit gives it up; * starts it anew, and
   * without a digit gives it up, too.
   */
  press(key: string): void {
    const entry = this.#entry;
    if (!entry) return;
    if (!entry.touched) this.parts.program.cancel(entry.prompt.announcement!);
    entry.touched = true;
    if (/[*#]/.test(key) && entry.keyed === '') return this.#end(entry, 'given up');
    if (key === '#') return this.#end(entry, 'keyed');
    entry.keyed = key === '*' ? '' : entry.keyed + key;
    if (entry.keyed.length >= entry.digits) return this.#end(entry, 'keyed');
    this.#limit(entry);
  }

  /** What was keyed in is forgotten, and nobody is told. May be called again. */
  close(): void {
    const entry = this.#entry;
    this.#entry = undefined;
    if (!entry) return;
    entry.cancelLimit();
    entry.keyed = '';
    this.parts.program.cancel(entry.prompt.announcement!);
    entry.letUp();
  }

  /** The words that ask for it were said. */
  #asked(entry: Entry): void {
    if (this.#entry === entry && !entry.touched) this.#limit(entry);
  }

  #limit(entry: Entry): void {
    entry.cancelLimit();
    entry.cancelLimit = this.parts.clock.after(IDLE_MS, () => this.#end(entry, 'idle'));
  }

  #end(entry: Entry, why: PinEnd): void {
    if (this.#entry !== entry) return;
    this.#entry = undefined;
    const pin = why === 'keyed' ? entry.keyed : undefined;
    entry.cancelLimit();
    entry.keyed = '';
    entry.done(pin, why);
    // Only now, so that the music stays down for what is said next.
    entry.letUp();
  }
}
