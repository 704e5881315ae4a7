// The guards in front of billing, each by itself: time limit, second try, short memory, sharing, rest. Tries: pinTries.test.ts.
// Would catch: a caller who waits for ever, a balance that stays in memory, a billing system that is asked to death.
import { Breaker, type Permit } from '../../src/billing/breaker';
import { BillingFailure } from '../../src/billing/failure';
import { SingleFlight } from '../../src/util/singleFlight';
import { onceMore } from '../../src/billing/retry';
import { TtlCache } from '../../src/billing/ttlCache';
import { SeenErrors } from '../../src/billing/seenErrors';
import { Abandoned, within } from '../../src/billing/within';
import { ManualClock } from '../../src/util/clock';
import { rejection } from '../support/billingContract';
import { KeptLog, turn } from './fixtures';

let clock: ManualClock;
let abort: AbortController;
beforeEach(() => {
  clock = new ManualClock();
  abort = new AbortController();
});
afterEach(() => {
  expect(clock.pending).toBe(0);
});

const never = (): Promise<never> => new Promise(() => {});

describe('the time limit', () => {
  test('is over at its time for what does not obey its signal, too', async () => {
    let signal: AbortSignal | undefined;
    const waiting = within(clock, 3000, abort.signal, (given) => {
      signal = given;
      return never();
    });
    const ended = rejection(waiting);
    await turn();
    clock.advance(2999);
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    expect(signal?.aborted).toBe(true);
    expect(await ended).toMatchObject({ code: 'HC_BILLING_FAILED', message: 'no answer within 3000 ms' });
  });

  test('ends what nobody waits for any more, and says that it was that', async () => {
    const waiting = rejection(within(clock, 3000, abort.signal, never));
    abort.abort();
    expect(await waiting).toBeInstanceOf(Abandoned);
    expect(await rejection(within(clock, 3000, abort.signal, never))).toBeInstanceOf(Abandoned);
  });

  test('hands on what was answered or thrown in time, also at once', async () => {
    expect(await within(clock, 3000, abort.signal, () => Promise.resolve(7))).toBe(7);
    const thrown = within(clock, 3000, abort.signal, () => {
      throw new Error('at once');
    });
    expect(await rejection(thrown)).toMatchObject({ message: 'at once' });
  });
});

describe('the second try', () => {
  /** Fails with these, then answers. */
  function failing(...errors: Error[]): { ask: () => Promise<string>; tries: () => number } {
    let tries = 0;
    const ask = (): Promise<string> => {
      const error = errors[tries++];
      return error ? Promise.reject(error) : Promise.resolve('answer');
    };
    return { ask, tries: () => tries };
  }
  const lost = new BillingFailure('lost', 'wait', { again: true });

  test('comes a moment after a connection that failed', async () => {
    const { ask, tries } = failing(lost);
    const answer = onceMore(clock, abort.signal, ask);
    await turn();
    expect(tries()).toBe(1);
    clock.advance(100);
    expect(await answer).toBe('answer');
  });

  test('is the last', async () => {
    const { ask, tries } = failing(lost, lost, lost);
    const answer = rejection(onceMore(clock, abort.signal, ask));
    await turn();
    clock.advance(100);
    expect(await answer).toBe(lost);
    expect(tries()).toBe(2);
  });

  test('does not come where asking again may do harm', async () => {
    const { ask, tries } = failing(new BillingFailure('refused', 'ask the boss'));
    await rejection(onceMore(clock, abort.signal, ask));
    expect(tries()).toBe(1);
  });

  test('does not come when nobody waits any more', async () => {
    const { ask, tries } = failing(lost);
    const answer = rejection(onceMore(clock, abort.signal, ask));
    await turn();
    abort.abort();
    await answer;
    expect(tries()).toBe(1);
  });
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
    expect(questions.flights.has('a')).toBe(false);
  });
});

describe('the breaker', () => {
  const kept = (): { breaker: Breaker; log: KeptLog } => {
    const log = new KeptLog();
    return { breaker: new Breaker({ failures: 3, restMs: 30_000, clock, log: log.log }), log };
  };
  const fail = (breaker: Breaker, times: number): void => {
    for (let i = 0; i < times; i++) breaker.leave()?.failed();
  };

  test('leaves billing alone after failures in a row, and says so once', () => {
    const { breaker, log } = kept();
    fail(breaker, 2);
    breaker.leave()?.answered();
    fail(breaker, 2);
    expect(breaker.leave()).toBeDefined();
    fail(breaker, 1);
    expect(breaker.leave()).toBeUndefined();
    clock.advance(29_999);
    expect(breaker.leave()).toBeUndefined();
    expect(log.messages).toEqual(['billing is paused']);
  });

  test('tries it with one question after the rest, and trusts an answer', () => {
    const { breaker } = kept();
    fail(breaker, 3);
    clock.advance(30_000);
    const trial = breaker.leave();
    expect(trial).toBeDefined();
    expect(breaker.leave()).toBeUndefined();
    trial!.answered();
    fail(breaker, 2);
    expect(breaker.leave()).toBeDefined();
  });

  test('rests again after a trial that failed, without another word', () => {
    const { breaker, log } = kept();
    fail(breaker, 3);
    clock.advance(30_000);
    breaker.leave()!.failed();
    clock.advance(29_999);
    expect(breaker.leave()).toBeUndefined();
    clock.advance(1);
    expect(breaker.leave()).toBeDefined();
    expect(log.messages).toEqual(['billing is paused']);
  });

  test('a trial that nobody waits for tells nothing: the next question is one', () => {
    const { breaker } = kept();
    fail(breaker, 3);
    clock.advance(30_000);
    breaker.leave()!.abandoned();
    expect(breaker.leave()).toBeDefined();
  });

  test('what was asked before the rest and fails in it does not make it longer', () => {
    const { breaker } = kept();
    const early = [breaker.leave(), breaker.leave()] as Permit[];
    fail(breaker, 3);
    clock.advance(20_000);
    for (const leave of early) leave.failed();
    clock.advance(10_000);
    expect(breaker.leave()).toBeDefined();
  });

  test('says whether it rests without asking for leave', () => {
    const { breaker } = kept();
    fail(breaker, 2);
    expect(breaker.rests).toBe(false);
    fail(breaker, 1);
    expect(breaker.rests).toBe(true);
    clock.advance(30_000);
    expect(breaker.rests).toBe(false);
    breaker.leave();
    expect(breaker.rests).toBe(true);
  });

  test('who leaves while billing is trusted is no failure', () => {
    const { breaker } = kept();
    for (let i = 0; i < 10; i++) breaker.leave()!.abandoned();
    expect(breaker.leave()).toBeDefined();
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
