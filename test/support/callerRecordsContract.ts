// The contract of CallerRecords: one suite for every adapter, so that a Session cannot tell which one it has.
// What is behind it, a keeper and balances, is scripted here; who calls, the stand says as Asterisk would.
import type { CallerRecords, BalanceSource, CallCheck, ChoiceKeeper } from '../../src/session/callerRecords';
import type { CallIdentity } from '../../src/asterisk/callNews';
import type { BalanceAnswer } from '../../src/billing/billing';
import type { StoreEntry } from '../../src/store/store';

export class ScriptedKeeper implements ChoiceKeeper {
  readonly choices = new Map<string, string>();
  readonly entries: StoreEntry[] = [];
  readonly asked: string[] = [];
  readonly lost: [StoreEntry['type'], number][] = [];
  choiceFails: Error | undefined;

  choice(phone: string): Promise<string | undefined> {
    this.asked.push(phone);
    return this.choiceFails ? Promise.reject(this.choiceFails) : Promise.resolve(this.choices.get(phone));
  }

  remember(entry: StoreEntry): void {
    this.entries.push(entry);
  }

  dropped(...lost: [StoreEntry['type'], number]): void {
    this.lost.push(lost);
  }
}

type BalanceCall = Parameters<BalanceSource['balance']>[0];

interface Question {
  readonly call: BalanceCall;
  readonly signal: AbortSignal;
  readonly answer: (answer: BalanceAnswer) => void;
  readonly fail: (error: Error) => void;
}

/** Answers at once while there is an `answer`, else when the test does; at an abort that it is not available. */
export class ScriptedBalances implements BalanceSource {
  readonly questions: Question[] = [];
  answer: ((call: BalanceCall) => BalanceAnswer) | undefined;

  balance(call: BalanceCall, signal: AbortSignal): Promise<BalanceAnswer> {
    return new Promise((answer, fail) => {
      this.questions.push({ call, signal, answer, fail });
      signal.addEventListener('abort', () => answer({ status: 'unavailable' }));
      if (this.answer) answer(this.answer(call));
    });
  }
}

/** Asterisk, asked whether what it has told of a call is right. */
export class ScriptedCheck implements CallCheck {
  callerIsRight = true;
  placeIsRight = true;
  readonly asked: ('caller' | 'place')[] = [];

  caller(): Promise<boolean> {
    this.asked.push('caller');
    return Promise.resolve(this.callerIsRight);
  }

  place(): Promise<boolean> {
    this.asked.push('place');
    return Promise.resolve(this.placeIsRight);
  }
}

/** The records of two calls over one keeper, one source of balances and one Asterisk. */
export interface RecordsStand {
  readonly keeper: ScriptedKeeper;
  readonly balances: ScriptedBalances;
  readonly check: ScriptedCheck;
  /** Opens the records of a call that Asterisk knows so. */
  open(call: CallIdentity): Promise<CallerRecords>;
  /** The call is over. Resolves when the records know. */
  end(uniqueid: string): Promise<void>;
  /** Closes what the factory opened; the records are closed by then. */
  close(): void | Promise<void>;
}

export const ME: CallIdentity = { uniqueid: '1795225281.7', phone: '442079460018', queue: 'sales' };
const OTHER: CallIdentity = { uniqueid: '1795225281.8', phone: '442079460019' };

export const accounts = (...numbers: string[]): BalanceAnswer => ({
  status: 'accounts',
  accounts: numbers.map((number, i) => ({
    number,
    balance: { minor: 1250n - 2500n * BigInt(i), currency: 'USD' },
  })),
});

const never = (): AbortSignal => new AbortController().signal;

/** Waits until `condition` holds; fails, saying what did not happen, after ten seconds of real time. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it never happens: ${what}`);
    await new Promise((done) => setTimeout(done, 2));
  }
}

export function officeContract(
  adapter: string,
  make: (options: { billing: boolean }) => RecordsStand | Promise<RecordsStand>,
): void {
  let stand: RecordsStand;
  let allRecords: CallerRecords[];

  async function opened(call: CallIdentity = ME): Promise<CallerRecords> {
    const records = await stand.open(call);
    allRecords.push(records);
    return records;
  }

  /** The question that billing was asked as the nth. */
  async function question(nth = 1): Promise<Question> {
    await eventually(`question ${nth}`, () => stand.balances.questions.length >= nth);
    return stand.balances.questions[nth - 1]!;
  }

  const kept = (count: number): Promise<void> =>
    eventually(`${count} entries`, () => stand.keeper.entries.length >= count);

  describe(`${adapter} is a CallerRecords`, () => {
    beforeEach(async () => {
      stand = await make({ billing: true });
      allRecords = [];
    });

    afterEach(async () => {
      for (const records of allRecords) await records.close();
      await stand.close();
    });

    test('knows the track that this caller chose, and nobody else’s', async () => {
      stand.keeper.choices.set(ME.phone!, 'music/first-light.wav');
      expect(await (await opened()).choice()).toBe('music/first-light.wav');
      expect(await (await opened(OTHER)).choice()).toBeUndefined();
      expect(stand.keeper.asked).toEqual([ME.phone, OTHER.phone]);
    });

    test('says whether Asterisk confirms the place', async () => {
      const records = await opened();
      expect(await records.confirmPlace!()).toBe(true);
      stand.check.placeIsRight = false;
      expect(await records.confirmPlace!()).toBe(false);
      expect(stand.check.asked).toEqual(['place', 'place']);
    });

    test('asks for no balance where Asterisk does not confirm who calls', async () => {
      stand.check.callerIsRight = false;
      const records = await opened();
      expect(await records.balance('en', undefined, never())).toEqual({ status: 'unavailable' });
      expect([stand.check.asked, stand.balances.questions]).toEqual([['caller'], []]);
    });

    test('tells no balance where it does not confirm that any more when billing has answered', async () => {
      const records = await opened();
      const answer = records.balance('en', undefined, never());
      const asked = await question();
      stand.check.callerIsRight = false;
      asked.answer(accounts('000412'));
      expect(await answer).toEqual({ status: 'unavailable' });
    });

    test('has no choice where the keeper fails', async () => {
      stand.keeper.choiceFails = new Error('out of cheese');
      expect(await (await opened()).choice()).toBeUndefined();
    });

    const answers: BalanceAnswer[] = [
      accounts(),
      accounts('000412'),
      accounts('000412', 'А-7 "x"\n', '3'.repeat(64)),
      {
        status: 'accounts',
        accounts: [
          { number: '1', balance: { minor: 100_000_000_000_000n, currency: 'RUB' } },
          { number: '2', balance: { minor: -1_000_000_000_000n, currency: 'JPY' } },
        ],
      },
      { status: 'pin', wrong: false, digits: 4 },
      { status: 'pin', wrong: true, digits: 12 },
      { status: 'locked' },
      { status: 'unknown-caller' },
      { status: 'unavailable' },
    ];
    test.each(answers.map((answer, i) => [i + 1, answer.status, answer] as const))(
      'tells what billing has answered (%d: %s)',
      async (_, _status, answer) => {
        stand.balances.answer = () => answer;
        expect(await (await opened()).balance('en', undefined, never())).toEqual(answer);
      },
    );

    test('asks about this call alone: its number as Asterisk tells it, language and PIN as they are said', async () => {
      stand.balances.answer = () => accounts();
      const records = await opened();
      await records.balance('pt_BR', undefined, never());
      await records.balance('en', '0412', never());
      const { uniqueid, phone } = ME;
      expect(stand.balances.questions.map(({ call }) => call)).toEqual([
        { uniqueid, phone, language: 'pt_BR' },
        { uniqueid, phone, language: 'en', pin: '0412' },
      ]);
    });

    test('asks nothing about a caller who withholds their number', async () => {
      const records = await opened({ uniqueid: ME.uniqueid });
      expect(await records.balance('en', undefined, never())).toEqual({ status: 'unknown-caller' });
      expect(await records.choice()).toBeUndefined();
      expect([stand.balances.questions, stand.keeper.asked]).toEqual([[], []]);
    });

    test('keeps what was heard and pressed, in order, once each, with its time', async () => {
      const records = await opened();
      const { uniqueid, phone, queue } = ME;
      records.remember({ type: 'heard', kind: 'track', id: 'music/a.wav' }, 1000);
      records.remember({ type: 'key', digit: '3', action: 'nextTrack' }, 2000);
      records.remember({ type: 'choice', track: 'music/b.wav' }, 3000.5);
      records.remember({ type: 'heard', kind: 'answer' }, 4000);
      await records.close();
      await kept(4);
      expect(stand.keeper.entries).toEqual([
        { type: 'heard', kind: 'track', id: 'music/a.wav', uniqueid, phone, queue, wallMs: 1000 },
        { type: 'key', digit: '3', action: 'nextTrack', uniqueid, phone, queue, wallMs: 2000 },
        { type: 'choice', track: 'music/b.wav', phone, wallMs: 3000.5 },
        { type: 'heard', kind: 'answer', uniqueid, phone, queue, wallMs: 4000 },
      ]);
    });

    test.each([
      ['withholds their number', undefined],
      ['has a longer number than any that is kept', '1'.repeat(16)],
    ])(
      'of a caller who %s it keeps what was heard and pressed, without them, and no choice',
      async (_, phone) => {
        const { uniqueid } = ME;
        const records = await opened({ uniqueid, ...(phone !== undefined && { phone }) });
        records.remember({ type: 'choice', track: 'music/b.wav' }, 1000);
        records.remember({ type: 'key', digit: '3', action: 'nextTrack' }, 2000);
        await kept(1);
        expect(stand.keeper.entries).toEqual([
          { type: 'key', digit: '3', action: 'nextTrack', uniqueid, wallMs: 2000 },
        ]);
        expect(await records.choice()).toBeUndefined();
      },
    );

    test('stamps with the time of now what has none', async () => {
      const records = await opened();
      records.remember({ type: 'key', digit: '0', action: 'quiet' });
      await kept(1);
      expect(stand.keeper.entries[0]!.wallMs).toBe(Date.UTC(2026, 0, 5, 12));
    });

    test('two callers ask in the same instant: each has their own answer, whichever comes first', async () => {
      const [mine, others] = [await opened(), await opened(OTHER)];
      const first = mine.balance('en', undefined, never());
      await question(1);
      const second = others.balance('ru', undefined, never());
      for (const { call, answer } of [await question(2), await question(1)])
        answer(accounts(`of ${call.phone}`));
      expect(await first).toEqual(accounts(`of ${ME.phone}`));
      expect(await second).toEqual(accounts(`of ${OTHER.phone}`));
    });

    test('one caller’s two questions are not mixed either', async () => {
      stand.keeper.choices.set(ME.phone!, 'music/first-light.wav');
      const records = await opened();
      const [first, second] = ['1111', '2222'].map((pin) => records.balance('en', pin, never()));
      const choice = records.choice();
      for (const { call, answer } of [await question(2), await question(1)]) answer(accounts(call.pin!));
      expect(await Promise.all([first, second, choice])).toEqual([
        accounts('1111'),
        accounts('2222'),
        'music/first-light.wav',
      ]);
    });

    test('a question that is not wanted any more is ended at billing, and another may be asked', async () => {
      const records = await opened();
      const abort = new AbortController();
      const answer = records.balance('en', undefined, abort.signal);
      const { signal } = await question();
      abort.abort();
      expect(await answer).toEqual({ status: 'unavailable' });
      await eventually('that billing is told', () => signal.aborted);
      stand.balances.answer = () => accounts('1');
      expect(await records.balance('en', undefined, never())).toEqual(accounts('1'));
    });

    test('a question that was not wanted from the beginning is not asked', async () => {
      expect(await (await opened()).balance('en', undefined, AbortSignal.abort())).toEqual({
        status: 'unavailable',
      });
      expect(stand.balances.questions).toEqual([]);
    });

    test('billing that fails has no answer', async () => {
      const answer = (await opened()).balance('en', undefined, never());
      (await question()).fail(new Error('out of cheese'));
      expect(await answer).toEqual({ status: 'unavailable' });
    });

    test('when the call has ended nothing is asked: who still listens may be another', async () => {
      stand.keeper.choices.set(ME.phone!, 'music/first-light.wav');
      const records = await opened();
      await stand.end(ME.uniqueid);
      expect(await records.balance('en', undefined, never())).toEqual({ status: 'unavailable' });
      expect(await records.choice()).toBeUndefined();
      expect([stand.balances.questions, stand.keeper.asked]).toEqual([[], []]);
    });

    test('a call that ends while it is asked about gets no answer', async () => {
      const answer = (await opened()).balance('en', undefined, never());
      const { answer: give } = await question();
      await stand.end(ME.uniqueid);
      give(accounts('1'));
      expect(await answer).toEqual({ status: 'unavailable' });
    });

    test('what happened last is kept though the call has ended', async () => {
      const records = await opened();
      await stand.end(ME.uniqueid);
      records.remember({ type: 'heard', kind: 'advice', id: 'advices/a.wav' }, 1000);
      await records.close();
      await kept(1);
      expect(stand.keeper.entries[0]).toMatchObject({ phone: ME.phone, id: 'advices/a.wav' });
    });

    test('closed, it asks nothing, and may be closed again', async () => {
      const records = await opened();
      await records.close();
      expect(await records.balance('en', undefined, never())).toEqual({ status: 'unavailable' });
      expect(await records.choice()).toBeUndefined();
      await records.close();
      expect([stand.balances.questions, stand.keeper.asked]).toEqual([[], []]);
    });
  });

  test(`${adapter}: without billing a balance is not available`, async () => {
    stand = await make({ billing: false });
    const records = await stand.open(ME);
    expect(await records.balance('en', undefined, never())).toEqual({ status: 'unavailable' });
    await records.close();
    await stand.close();
  });
}
