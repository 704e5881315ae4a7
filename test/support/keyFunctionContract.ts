// The contract of an operator's own function on a key: what it can do, and that nothing it does can harm the call.
// One suite, whether it runs where the call is or in another thread. Would catch: a function that hangs, throws or goes on
// after its end and is heard, or takes the process down.
import {
  run,
  sayPosition,
  type KeyBinding,
  type KeyFunction,
  type KeySession,
  type RunOptions,
} from '../../src/session/actions';
import { programLog } from '../../src/session/eventLog';
import { Caller, rejected, turn, type CallerPlan } from './caller';

/** @param through what a Session is given instead of these bindings, which must come to the same */
export function keyFunctionContract(
  through: (keys: Record<string, KeyBinding>) => Record<string, KeyBinding>,
): void {
  /** A caller whose key 7 is bound to `action`, and who has pressed it. */
  async function press(
    action: KeyFunction,
    plan: CallerPlan & { options?: RunOptions } = {},
  ): Promise<Caller> {
    const { options, ...rest } = plan;
    const call = new Caller({ ...rest, keys: through({ '7': run(action, options), '4': sayPosition() }) });
    call.hear(1);
    call.session.hear({ type: 'key', digit: '7' });
    await turn();
    return call;
  }

  const errorsOf = (call: Caller): unknown[] => call.logged('error').map(({ fields }) => fields['error']);

  // The process of the tests stands for that of the calls: nothing may reach its last resort.
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  beforeAll(() => void process.on('unhandledRejection', note).on('uncaughtException', note));
  afterAll(() => void process.off('unhandledRejection', note).off('uncaughtException', note));
  afterEach(async () => {
    await turn();
    expect(unhandled.splice(0)).toEqual([]);
  });

  describe('what it can do', () => {
    test('say prompts one after the other, and go on when they are said', async () => {
      const times: number[] = [];
      const call = await press(async (session) => {
        await session.say('position-1', 'position-2');
        times.push(call.clock.now());
        await session.say('position-3');
        times.push(call.clock.now());
      });
      expect(call.session.busy).toBe(true);
      await call.live(4);
      expect(call.said).toEqual(['position-1 position-2', 'position-3']);
      const [first, second] = call.rig.eventsOf('voice-end').map(({ atSample }) => call.rig.ms(atSample));
      expect(Math.abs(times[0]! - first!)).toBeLessThan(100);
      expect(Math.abs(times[1]! - second!)).toBeLessThan(100);
      expect(call.session.busy).toBe(false);
      expect(errorsOf(call)).toEqual([]);
    });

    test('say what is nobody else’s business: the log does not tell the words', async () => {
      const call = await press((session) => session.say('position-7'));
      await call.live(2);
      const listen = programLog(call.log, 8000);
      for (const event of call.rig.events) listen(event);
      expect(call.lines.map(({ text }) => text)).toContain('voice');
      expect(JSON.stringify(call.lines)).not.toContain('position-7');
    });

    test('play a file, and crossfade to another track', async () => {
      const call = await press(async (session) => {
        await session.play('prompts/en/opening-hours.wav');
        session.nextTrack();
      });
      await call.live(2);
      expect(call.said).toEqual(['prompts/en/opening-hours.wav']);
      expect(call.rig.played).toEqual(['a', 'b']);
    });

    test('know the call and the place in the queue', async () => {
      const seen: Pick<KeySession, 'call' | 'queue'>[] = [];
      const look: KeyFunction = ({ call, queue }) => void seen.push({ call, queue });
      const call = new Caller({ keys: through({ '7': run(look, { holdOffMs: 0 }) }) });
      call.session.hear({ type: 'key', digit: '7' });
      await turn();
      call.moveTo(4);
      call.session.hear({ type: 'key', digit: '7' });
      await turn();
      const who = {
        uniqueid: '1795225281.7',
        channel: 'PJSIP/alice-00000001',
        phone: '+442079460018',
        language: 'en',
      };
      expect(seen).toEqual([
        { call: who, queue: undefined },
        { call: who, queue: { name: 'support', position: 4 } },
      ]);
    });

    test('know nothing of a call that may be another’s', async () => {
      const seen: KeySession['call'][] = [];
      await press(({ call }) => void seen.push(call), { call: { certain: false } });
      expect(seen).toEqual([{ language: 'en' }]);
    });

    test('write to the log, numbers masked wherever they stand', async () => {
      const call = await press(({ log }) => {
        log.info({ phone: '+442079460018', note: 'called 020 7946 0018 back' }, 'of +442079460018');
        log.warn({ tries: 3 }, 'odd');
        log.warn({ tel: 442079460018, of: [{ who: { at: '020 7946 0018' } }] }, 'deep');
      });
      const own = call.lines.filter(({ text }) => text !== 'key');
      expect(own.map(({ level }) => level)).toEqual(['info', 'warn', 'warn']);
      expect(own[1]!.fields['tries']).toBe(3);
      expect(JSON.stringify(call.lines)).not.toMatch(/7946/);
    });

    test('names of recordings, which may be a balance, are not in the log when one is missing', async () => {
      const call = await press((session) => session.say('position-1', 'balance-1250'));
      await call.live(1);
      expect(call.said).toEqual([]);
      expect(JSON.stringify(call.lines)).toContain('prompt 2 of 2');
      expect(JSON.stringify(call.lines)).not.toContain('1250');
    });

    test('the first words take over from an earlier key, and a later key takes over from them', async () => {
      const call = await press(async (session) => {
        await session.say('position-1');
        await session.say('position-2');
      });
      await call.live(0.5);
      call.session.hear({ type: 'key', digit: '4' });
      await call.live(3);
      expect(call.said).toEqual(['position-1', 'position-unknown', 'position-2']);
      expect(call.rig.eventsOf('voice-cut')).toHaveLength(1);
    });

    test('the time in which its words are said is not its own', async () => {
      const call = await press(
        async (session) => {
          for (let i = 1; i <= 20; i++) await session.say(`position-${i}`);
          session.nextTrack();
        },
        { options: { timeoutMs: 500 } },
      );
      await call.live(20);
      expect(call.said).toHaveLength(20);
      expect(call.rig.played).toEqual(['a', 'b']);
      expect(errorsOf(call)).toEqual([]);
    });
  });

  test('the time before and after its words is one', async () => {
    let wake = (): void => {};
    const call = await press(
      async (session) => {
        await new Promise<void>((resolve) => (wake = resolve));
        await session.say('position-1');
        await new Promise(() => {});
      },
      { options: { timeoutMs: 1000 } },
    );
    await call.live(0.6);
    wake();
    await call.live(0.9); // the music goes down, the words are said
    await call.live(0.2);
    expect(errorsOf(call)).toEqual([]);
    await call.live(0.3);
    expect(errorsOf(call)).toEqual([expect.stringMatching(/longer than 1000 ms/)]);
  });

  describe('when it goes wrong, there is music and a line in the log', () => {
    const never = new Promise<void>(() => {});
    const cases: [string, KeyFunction, RegExp][] = [
    ['throws', () => { throw new Error('no luck'); }, /no luck/],
    ['throws later', async () => { await turn(); throw new Error('no luck'); }, /no luck/],
    ['throws what is no Error', () => rejected(42), /42/],
    ['throws nothing', () => rejected(undefined), /undefined/],
    ['throws what has no text', () => { throw Object.create(null) as Error; }, /no text/],
    ['throws a number of a caller', () => { throw new Error('no +44 20 7946 0018'); }, /^no …$/],
    ['never ends', () => never, /longer than 5000 ms/],
    ['says what does not exist', (session) => session.say('position-1', 'nothing'), /is missing/],
    ['plays what does not exist', (session) => session.play('../etc/passwd'), /passwd/],
    ['says too much at once', (session) => session.say(...Array.from({ length: 51 }, () => 'position-1')), /too many/],
    ['answers a thenable that throws', () => ({ then: () => { throw new Error('trap'); } }) as never, /trap/],
  ]; // prettier-ignore
    test.each(cases)('%s', async (_, action, why) => {
      const call = await press(action);
      await call.live(5.2);
      expect(call.said).toEqual([]);
      expect(errorsOf(call)).toEqual([expect.stringMatching(why)]);
      expect(call.logged('error')[0]!.fields['code']).toBe('HC_ACTION_FAILED');
      expect(call.logged('error')[0]!.fields['hint']).toMatch(/config\.ts/);
      expect(call.rig.program.duckGainDb).toBe(0);
      expect(call.clock.pending).toBe(0);
      expect(call.session.busy).toBe(false);
    });

    test('what it says is cut off when it throws', async () => {
      let fail = (): void => {};
      const call = await press((session) => {
        void session.say('position-1', 'position-2', 'position-3');
        void session.say('position-4');
        return new Promise((_, reject) => (fail = () => reject(new Error('no luck'))));
      });
      await call.live(0.6);
      fail();
      await call.live(3);
      expect(call.said).toEqual(['position-1 position-2 position-3']);
      expect(call.rig.eventsOf('voice-cut')).toHaveLength(1);
    });

    test('a refusal that it does not wait for does no harm', async () => {
      const call = await press((session) => {
        void session.say('nothing');
        void session.play('nothing');
        void session.say();
      });
      await call.live(1);
      expect(errorsOf(call)).toEqual([]);
    });

    test('it says without end: it is over after two minutes, and so are its words', async () => {
      const call = await press(async (session) => {
        for (;;) await session.say('position-1');
      });
      await call.live(125);
      const said = call.said.length;
      await call.live(10);
      expect(said).toBeGreaterThan(100);
      expect(call.said).toHaveLength(said);
      expect(errorsOf(call)).toEqual([expect.stringMatching(/longer than 120000 ms/)]);
    });

    test('it asks for more than can be said: the rest is refused, what waits stays bounded', async () => {
      const refused: unknown[] = [];
      const call = await press((session) => {
        for (let i = 0; i < 1000; i++)
          session.say('position-1').catch((error: unknown) => refused.push(error));
      });
      await turn();
      expect(refused).toHaveLength(980);
      expect(refused[0]).toMatchObject({ code: 'HC_ACTION_FAILED' });
      await call.live(30);
      expect(call.said).toHaveLength(20);
    });
  });

  describe('when its time is over it is deaf', () => {
    /** Keeps the session, to do with it what it likes at any time. */
    function kept(): { action: KeyFunction; session: () => KeySession } {
      let session: KeySession | undefined;
      return {
        action: (given) => {
          session = given;
          return new Promise(() => {});
        },
        session: () => session!,
      };
    }

    async function usesAll(session: KeySession, call: Caller): Promise<{ answered: boolean }> {
      const fate = { answered: false };
      const settled = (): void => void (fate.answered = true);
      session.say('position-1').then(settled, settled);
      session.play('prompts/en/x.wav').then(settled, settled);
      session.nextTrack();
      session.log.error({}, 'still here');
      await call.live(2);
      return fate;
    }

    test.each(['time-out', 'end of the call', 'caller’s number changed'])('after the %s', async (what) => {
      const { action, session } = kept();
      const call = await press(action, { options: { timeoutMs: 200 } });
      expect(session().signal.aborted).toBe(false);
      if (what === 'time-out') await call.live(0.4);
      else if (what === 'end of the call') call.session.close();
      // Who it is now is not known yet.
      else call.session.hear({ type: 'identity', identity: { uniqueid: call.session.call.uniqueid! } });
      await turn();
      expect(session().signal.aborted).toBe(true);
      expect(await usesAll(session(), call)).toEqual({ answered: false });
      expect(call.said).toEqual([]);
      expect(call.rig.played).toEqual(['a']);
      expect(JSON.stringify(call.lines)).not.toContain('still here');
      expect(call.clock.pending).toBe(0);
    });

    test('after it has ended by itself, though words that it has asked for are said to their end', async () => {
      let late: KeySession | undefined;
      const call = await press((session) => {
        late = session;
        void session.say('position-2');
      });
      expect(await usesAll(late!, call)).toEqual({ answered: false });
      expect(call.said).toEqual(['position-2']);
      expect(call.rig.played).toEqual(['a']);
    });

    test('its key does nothing while it runs, and works again when it is over', async () => {
      let runs = 0;
      const hangs = (): Promise<void> => (runs++, new Promise(() => {}));
      const call = await press(hangs, { options: { holdOffMs: 0, timeoutMs: 1000 } });
      for (let i = 0; i < 5; i++) call.session.hear({ type: 'key', digit: '7' });
      expect(runs).toBe(1);
      expect(call.lines.filter(({ text }) => text === 'key')).toHaveLength(1);
      await call.live(1.2);
      call.session.hear({ type: 'key', digit: '7' });
      await turn();
      expect(runs).toBe(2);
    });
  });
}
