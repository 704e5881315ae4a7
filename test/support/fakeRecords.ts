// Records of a caller and a speech that do as a test tells them: answers now, later or never, and a note of who asked what.
// Tests of sessions judge with them who hears whose balance, and when.
import type { CallerRecords, Remembered } from '../../src/session/callerRecords';
import { memoryClip, type Clip } from '../../src/audio/source';
import type { Account, BalanceAnswer } from '../../src/billing/billing';
import { spokenServices, type CallServices } from '../../src/session/callServices';
import type { Speech } from '../../src/session/speech';
import { ManualClock, type Clock } from '../../src/util/clock';
import { silentLogger, type Logger } from '../../src/util/log';
import type { SpokenAccount } from '../../src/speech/language';
import { noise } from './audio';

export const account = (number: string, minor: bigint, currency = 'USD'): Account => ({
  number,
  balance: { minor, currency },
});

export const accountsOf = (...accounts: Account[]): BalanceAnswer => ({ status: 'accounts', accounts });

export interface Asked {
  readonly language: string;
  readonly pin: string | undefined;
  readonly signal: AbortSignal;
}

type Answer = BalanceAnswer | Error | 'later';

export class FakeRecords implements CallerRecords {
  readonly asked: Asked[] = [];
  readonly remembered: Remembered[] = [];
  readonly times: (number | undefined)[] = [];
  choicesAsked = 0;
  closed = 0;
  /** What Asterisk says of the place that was told last, at once or when the promise does. Absent: it is not asked. */
  confirmPlace?: () => Promise<boolean>;
  readonly #waiting: ((answer: BalanceAnswer) => void)[] = [];
  #choose: (track: string | undefined) => void = () => {};

  /**
   * @param script answers one after another; the last is given again and again
   * @param chosen the caller's music; 'later': when `chooses` says so
   */
  constructor(
    private readonly script: readonly Answer[] | ((asked: Asked) => Answer) = ['later'],
    private readonly chosen: string | undefined = undefined,
  ) {}

  async choice(): Promise<string | undefined> {
    this.choicesAsked++;
    if (this.chosen !== 'later') return this.chosen;
    return new Promise((resolve) => (this.#choose = resolve));
  }

  async balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    const asked = { language, pin, signal };
    this.asked.push(asked);
    const { script } = this;
    const answer =
      typeof script === 'function' ? script(asked) : script[Math.min(this.asked.length, script.length) - 1]!;
    if (answer instanceof Error) throw answer;
    if (answer !== 'later') return answer;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  remember(what: Remembered, wallMs?: number): void {
    this.remembered.push(what);
    this.times.push(wallMs);
  }

  close(): void {
    this.closed++;
  }

  /** The oldest question that waits has this answer. */
  answers(answer: BalanceAnswer): void {
    this.#waiting.shift()?.(answer);
  }

  chooses(track: string | undefined): void {
    this.#choose(track);
  }

  /** What was remembered of one type, as text. */
  kept(type: Remembered['type']): string[] {
    return this.remembered.flatMap((what) => {
      if (what.type !== type || what.type === 'dropped') return [];
      if (what.type === 'choice') return [what.track];
      return [what.type === 'heard' ? `${what.kind} ${what.id ?? '-'}` : `${what.digit} ${what.action}`];
    });
  }
}

/** Says every account and place as one clip a word; its name tells what was said. */
export class FakeSpeech implements Speech {
  readonly balances: { accounts: readonly SpokenAccount[]; language: string; signal: AbortSignal }[] = [];
  readonly positions: { place: number; language: string; signal: AbortSignal }[] = [];
  readonly #waiting: (() => void)[] = [];

  /** @param mode 'later': a word comes when `speaks` says so; 'mute': no voice can say anything */
  constructor(private readonly mode: 'now' | 'later' | 'mute' | Error = 'now') {}

  balance(accounts: readonly SpokenAccount[], language: string, signal: AbortSignal) {
    this.balances.push({ accounts, language, signal });
    return this.#say([
      `${language}-your-balance-is`,
      ...accounts.map(({ number, balance }) => `${number}:${balance.minor}`),
    ]);
  }

  position(place: number, language: string, signal: AbortSignal) {
    this.positions.push({ place, language, signal });
    return this.#say([`${language}-your-place-is`, `spoken-${place}`]);
  }

  /** The oldest that waits is said. */
  speaks(): void {
    this.#waiting.shift()?.();
  }

  async #say(words: readonly string[]): Promise<readonly Clip[] | undefined> {
    if (this.mode instanceof Error) throw this.mode;
    if (this.mode === 'later') await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.mode === 'mute' ? undefined : words.map(word);
  }
}

/** A quarter of a second of noise, the same for the same word. */
function word(id: string): Clip {
  const seed = [...id].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 11) % 100_000;
  return memoryClip(id, noise(seed, 0.2, 2000));
}

/** What a Session has of records: its balance in words. */
export function spoken(
  records: CallerRecords | undefined,
  speech: () => Speech | undefined = () => new FakeSpeech(),
  { clock = new ManualClock(), log = silentLogger }: { clock?: Clock; log?: Logger } = {},
): CallServices | undefined {
  return records && spokenServices({ records, speech, clock, log });
}
