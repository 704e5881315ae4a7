// The guards in front of billing, each by itself: short memory, sharing, rest, what was told. Tries: pinTries.test.ts.
// Would catch: a balance that stays in memory, a billing system that is asked to death, a log that is flooded.
import { Breaker, SeenErrors, TtlCache, type Permit } from '../../src/billing/guards';
import { SingleFlight } from '../../src/util/singleFlight';
import { ManualClock } from '../../src/util/clock';
import { rejection } from '../support/billingContract';
import { KeptLog } from './fixtures';

let clock: ManualClock;
let abort: AbortController;
beforeEach(() => {
  clock = new ManualClock();
  abort = new AbortController();
});
afterEach(() => {
  expect(clock.pending).toBe(0);
});

describe('the short memory', () => {
  test('keeps an answer for its time, and not a moment longer in memory', () => {
    const memory = new TtlCache<string>(clock, 1000);
    memory.put('a', 'A');
    clock.advance(400);
    memory.put('b', 'B');
    clock.advance(599);
    expect([memory.get('a'), memory.get('b')]).toEqual(['A', 'B']);
    clock.advance(1);
    expect([memory.get('a'), memory.size]).toEqual([undefined, 1]);
    clock.advance(400);
    expect(memory.size).toBe(0);
  });

  test('gives nothing that is too old though its timer is late', () => {
    const memory = new TtlCache<string>(clock, 1000);
    memory.put('a', 'A');
    clock.stall(1000);
    expect(memory.get('a')).toBeUndefined();
    clock.advance(0);
    expect(memory.size).toBe(0);
  });

  test('a renewed answer lives for its whole time', () => {
    const memory = new TtlCache<string>(clock, 1000);
    memory.put('a', 'A');
    memory.put('b', 'B');
    clock.advance(900);
    memory.put('a', 'A2');
    clock.advance(900);
    expect([memory.get('a'), memory.get('b')]).toEqual(['A2', undefined]);
    memory.clear();
  });

  test('is bounded: the oldest makes room', () => {
    const memory = new TtlCache<number>(clock, 1000, 3);
    for (let i = 0; i < 10; i++) memory.put(`${i}`, i);
    expect([memory.size, memory.get('6'), memory.get('7')]).toEqual([3, undefined, 7]);
    memory.clear();
    memory.clear();
    expect(memory.size).toBe(0);
  });

  test('of no length keeps nothing', () => {
    const memory = new TtlCache<string>(clock, 0);
    memory.put('a', 'A');
    expect([memory.get('a'), memory.size]).toEqual([undefined, 0]);
  });
});

describe('sharing', () => {
  /** Questions that are answered by hand. */
  class Questions {
    readonly flights = new SingleFlight<string>();
    readonly asked: { answer: (text: string) => void; fail: (error: Error) => void; signal: AbortSignal }[] =
      [];

    join(key: string, signal = new AbortController().signal): Promise<string | undefined> {
      return this.flights.join(key, signal, (asking) => {
        return new Promise((answer, fail) => this.asked.push({ answer, fail, signal: asking }));
      });
    }
  }

  test('asks once for all who ask the same while it flies, and anew afterwards', async () => {
    const questions = new Questions();
    const all = Promise.all([questions.join('a'), questions.join('a'), questions.join('b')]);
    expect(questions.asked.length).toBe(2);
    questions.asked[0]!.answer('A');
    questions.asked[1]!.answer('B');
    expect(await all).toEqual(['A', 'A', 'B']);
    void questions.join('a');
    expect(questions.asked.length).toBe(3);
  });

  test('one who leaves does not end it for the others', async () => {
    const questions = new Questions();
    const leaving = questions.join('a', abort.signal);
    const staying = questions.join('a');
    abort.abort();
    expect(await leaving).toBeUndefined();
    expect(questions.asked[0]!.signal.aborted).toBe(false);
    questions.asked[0]!.answer('A');
    expect(await staying).toBe('A');
  });

  test('the last who leaves ends it, and who comes then asks anew', async () => {
    const questions = new Questions();
    void questions.join('a', abort.signal);
    void questions.join('a', abort.signal);
    abort.abort();
    expect(questions.asked[0]!.signal.aborted).toBe(true);
    const next = questions.join('a');
    questions.asked[0]!.answer('too late');
    questions.asked[1]!.answer('A');
    expect(await next).toBe('A');
    expect(await questions.join('a', abort.signal)).toBeUndefined();
  });

  test('a failure is everybody’s, and is not kept', async () => {
    const questions = new Questions();
    const both = [rejection(questions.join('a')), rejection(questions.join('a'))];
    const error = new Error('away');
    questions.asked[0]!.fail(error);
    expect(await Promise.all(both)).toEqual([error, error]);
    void questions.join('a');
    expect(questions.asked.length).toBe(2);
  });
});

describe('the breaker', () => {
  const kept = (): { breaker: Breaker; log: KeptLog } => {
    const log = new KeptLog();
    return { breaker: new Breaker({ failures: 3, restMs: 30_000, clock, log: log.log }), log };
  };
  const fail = (breaker: Breaker, times: number): void => {
    for (let i = 0; i < times; i++) breaker.permit()?.failed();
  };

  test('leaves billing alone after failures in a row, and says so once', () => {
    const { breaker, log } = kept();
    fail(breaker, 2);
    breaker.permit()?.answered();
    fail(breaker, 2);
    expect(breaker.permit()).toBeDefined();
    fail(breaker, 1);
    expect(breaker.permit()).toBeUndefined();
    clock.advance(29_999);
    expect(breaker.permit()).toBeUndefined();
    expect(log.messages).toEqual(['billing is paused']);
  });

  test('tries it with one question after the rest, and trusts an answer', () => {
    const { breaker } = kept();
    fail(breaker, 3);
    clock.advance(30_000);
    const trial = breaker.permit();
    expect(trial).toBeDefined();
    expect(breaker.permit()).toBeUndefined();
    trial!.answered();
    fail(breaker, 2);
    expect(breaker.permit()).toBeDefined();
  });

  test('rests again after a trial that failed, without another word', () => {
    const { breaker, log } = kept();
    fail(breaker, 3);
    clock.advance(30_000);
    breaker.permit()!.failed();
    clock.advance(29_999);
    expect(breaker.permit()).toBeUndefined();
    clock.advance(1);
    expect(breaker.permit()).toBeDefined();
    expect(log.messages).toEqual(['billing is paused']);
  });

  test('a trial that nobody waits for tells nothing: the next question is one', () => {
    const { breaker } = kept();
    fail(breaker, 3);
    clock.advance(30_000);
    breaker.permit()!.abandoned();
    expect(breaker.permit()).toBeDefined();
  });

  test('what was asked before the rest and fails in it does not make it longer', () => {
    const { breaker } = kept();
    const early = [breaker.permit(), breaker.permit()] as Permit[];
    fail(breaker, 3);
    clock.advance(20_000);
    for (const permit of early) permit.failed();
    clock.advance(10_000);
    expect(breaker.permit()).toBeDefined();
  });

  test('says whether it rests without asking for a permit', () => {
    const { breaker } = kept();
    fail(breaker, 2);
    expect(breaker.rests).toBe(false);
    fail(breaker, 1);
    expect(breaker.rests).toBe(true);
    clock.advance(30_000);
    expect(breaker.rests).toBe(false);
    breaker.permit();
    expect(breaker.rests).toBe(true);
  });

  test('who leaves while billing is trusted is no failure', () => {
    const { breaker } = kept();
    for (let i = 0; i < 10; i++) breaker.permit()!.abandoned();
    expect(breaker.permit()).toBeDefined();
  });
});

describe('what was told', () => {
  test('of billing is news again when it has answered, of one caller after an hour', () => {
    const troubles = new SeenErrors(clock);
    for (const ofOne of [false, true]) {
      expect(['a', 'b', 'a', 'b'].map((text) => troubles.isNews(text, ofOne))).toEqual([
        true,
        true,
        false,
        false,
      ]);
    }
    expect([troubles.over(), troubles.over()]).toEqual([true, false]);
    expect([troubles.isNews('a', false), troubles.isNews('a', true)]).toEqual([true, false]);
    clock.advance(3_600_000);
    expect([troubles.isNews('a', false), troubles.isNews('a', true)]).toEqual([false, true]);
  });

  test('is bounded: of texts that are never the same only some are told', () => {
    const troubles = new SeenErrors(clock);
    for (const ofOne of [false, true]) {
      const news = Array.from({ length: 1000 }, (_, i) => troubles.isNews(`${i}`, ofOne));
      expect(news.filter(Boolean).length).toBe(50);
    }
  });
});
