// LookUps: who hears what was looked up, in every order in which Asterisk may tell it, or not tell it.
// Of two channels that hear a class of the same name one at most is the caller, and nobody guesses which.
import fc from 'fast-check';
import type { AmiEvent } from '../../src/asterisk/events';
import { mintToken } from '../../src/asterisk/token';
import { NO_LINK } from '../../src/asterisk/link';
import { LookUps, type Hearer } from '../../src/hub/lookUps';
import { FakeAsterisk } from '../support/fakeAmi';

const CALLER = '1795225281.1';
const AGENT = '1795225281.8';

class World {
  readonly ami = new FakeAsterisk().ami;
  readonly lookUps = new LookUps(this.ami);
  readonly told: [token: string, hearer: Hearer][] = [];
  readonly #owners = new Map<string, string>();

  constructor() {
    this.ami.connect();
  }

  look(uniqueid = CALLER, token = mintToken()): string {
    this.lookUps.open(token, uniqueid, this.#listener(token, uniqueid));
    return token;
  }

  /** As an earlier hub has noted it. */
  restore(token: string, uniqueid: string): void {
    this.#owners.set(token, uniqueid);
    this.lookUps.restore(token, uniqueid, this.#listener(token, uniqueid));
  }

  #listener(token: string, uniqueid: string): (hearer: Hearer) => void {
    return (hearer) => {
      this.told.push([token, hearer]);
      if (hearer === 'own') this.#owners.set(token, uniqueid);
      else this.#owners.delete(token);
    };
  }

  start(token: string, uniqueid: string): void {
    this.#tell({ type: 'moh-start', uniqueid, channel: 'PJSIP/x', class: `hold-${token}` });
  }

  stop(uniqueid: string): void {
    this.#tell({ type: 'moh-stop', uniqueid, channel: 'PJSIP/x' });
  }

  hangUp(uniqueid: string): void {
    this.#tell({ type: 'hangup', uniqueid, channel: 'PJSIP/x' });
  }

  owners(...tokens: string[]): (string | undefined)[] {
    return tokens.map((token) => this.#owners.get(token));
  }

  #tell(event: AmiEvent): void {
    this.ami.emit(event);
  }
}

let world: World;
beforeEach(() => (world = new World()));

describe('two channels of one class', () => {
  it.each([
    ['one after the other', ['look a', 'start a', 'look b', 'start b']],
    ['both look-ups before both events', ['look a', 'look b', 'start a', 'start b']],
    ['the events in the other order', ['look a', 'look b', 'start b', 'start a']],
    [
      'the second is told first, and the first was looked up last',
      ['look b', 'look a', 'start b', 'start a'],
    ],
  ])('%s: the caller is the one that Asterisk names', (_, steps) => {
    const tokens = { a: mintToken(), b: mintToken() };
    for (const step of steps) {
      const [what, which] = step.split(' ') as ['look' | 'start', 'a' | 'b'];
      if (what === 'look') world.look(CALLER, tokens[which]);
      else world.start(tokens[which], which === 'a' ? CALLER : AGENT);
    }
    expect(world.owners(tokens.a, tokens.b)).toEqual([CALLER, undefined]);
  });

  it('an event that is lost names nobody, and takes nothing from the other', () => {
    const [caller, agent] = [world.look(), world.look()];
    world.start(caller, CALLER);
    expect(world.owners(caller, agent)).toEqual([CALLER, undefined]);
    const [lost, other] = [world.look('2.2'), world.look('2.2')];
    world.start(other, AGENT);
    expect(world.owners(lost, other)).toEqual([undefined, undefined]);
  });

  it('the other end of a Local channel is another channel', () => {
    const token = world.look('dialer-7');
    world.start(token, 'dialer-7;2');
    expect(world.told).toEqual([[token, 'foreign']]);
  });

  it('after Dial() the callee’s can be the only one: it is nobody’s', () => {
    const token = world.look();
    world.start(token, AGENT);
    world.start(token, CALLER);
    expect(world.told).toEqual([[token, 'foreign']]);
    expect(world.owners(token)).toEqual([undefined]);
  });

  it('one stream for both, as with cachertclasses=yes: it is nobody’s from then on', () => {
    const token = world.look();
    world.start(token, CALLER);
    world.start(token, AGENT);
    world.start(token, CALLER);
    expect(world.told).toEqual([
      [token, 'own'],
      [token, 'foreign'],
    ]);
  });
});

describe('one caller', () => {
  it('after an announcement of Asterisk hears a second look-up, and the first is over', () => {
    const first = world.look();
    world.start(first, CALLER);
    world.stop(CALLER);
    const second = world.look();
    world.start(second, CALLER);
    expect(world.told).toEqual([
      [first, 'own'],
      [first, 'over'],
      [second, 'own'],
    ]);
  });

  it('hears one at a time, also where it was missed that the first was stopped', () => {
    const [first, second] = [world.look(), world.look()];
    world.start(first, CALLER);
    world.ami.lose();
    world.ami.connect();
    world.start(second, CALLER);
    expect(world.told).toEqual([
      [first, 'own'],
      [first, 'over'],
      [second, 'own'],
    ]);
  });

  it('told to hear what it hears already, has a look-up more that nobody hears', () => {
    const [first, nested] = [world.look(), world.look()];
    world.start(first, CALLER);
    world.start(first, CALLER);
    expect(world.owners(first, nested)).toEqual([CALLER, undefined]);
    expect(world.told).toEqual([[first, 'own']]);
  });

  it('is over when it hangs up; what another channel hears of its class is not', () => {
    const [own, others] = [world.look(), world.look()];
    world.start(own, CALLER);
    world.start(others, AGENT);
    world.hangUp(CALLER);
    expect(world.told.slice(2)).toEqual([[own, 'over']]);
    world.stop(AGENT);
    expect(world.told.slice(3)).toEqual([[others, 'over']]);
    expect(world.lookUps.size).toBe(0);
  });

  it('is known to a hub after this one by what was noted, and by nothing else', () => {
    const [noted, unknown] = [mintToken(), mintToken()];
    world.restore(noted, CALLER);
    expect(world.owners(noted, unknown)).toEqual([CALLER, undefined]);
    world.start(unknown, CALLER);
    expect(world.owners(noted, unknown)).toEqual([CALLER, undefined]);
    world.stop(CALLER);
    expect(world.owners(noted)).toEqual([undefined]);
  });
});

test.each(['', 'hold-', 'default', `hold-${CALLER}`, `${mintToken()}`, `HOLD-${mintToken()}`])(
  'a class of another name says nothing: %s',
  (musicClass) => {
    const token = world.look();
    world.ami.emit({ type: 'moh-start', uniqueid: CALLER, channel: 'x', class: musicClass });
    world.ami.emit({ type: 'moh-start', uniqueid: CALLER, channel: 'x' });
    expect(world.owners(token)).toEqual([undefined]);
  },
);

test('without AMI nobody is ever named', () => {
  const lookUps = new LookUps(NO_LINK);
  const told = jest.fn();
  lookUps.open('t', CALLER, told);
  lookUps.close();
  expect(told).not.toHaveBeenCalled();
});

test('a flood of look-ups takes no more than its share of memory, and none that was named', () => {
  const own = world.look();
  world.start(own, CALLER);
  for (let i = 0; i < 50_000; i++) world.lookUps.open(`t${i}`, `9.${i}`, () => {});
  expect(world.lookUps.size).toBe(20_000);
  expect(world.owners(own)).toEqual([CALLER]);
});

test('whatever happens in whatever order, a call is named for what it hears itself, and for one thing at most', () => {
  const channels = [CALLER, AGENT, '3.3'];
  const token = fc.nat(5);
  const step = fc.oneof(
    fc.record({ do: fc.constant('look' as const), token, call: fc.nat(2) }),
    fc.record({ do: fc.constant('start' as const), token, call: fc.nat(2) }),
    fc.record({ do: fc.constantFrom('stop' as const, 'hangUp' as const), call: fc.nat(2) }),
  );
  const tokens = Array.from({ length: 6 }, () => mintToken());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const one = new World();
      /** Who was named to hear each, since it was looked up. */
      const named = new Map<string, Set<string>>();
      for (const each of steps) {
        const channel = channels[each.call]!;
        if (!('token' in each)) one[each.do](channel);
        else if (each.do === 'start') {
          one.start(tokens[each.token]!, channel);
          named.get(tokens[each.token]!)?.add(channel);
        } else if (!named.has(tokens[each.token]!)) {
          // A token is minted once.
          named.set(tokens[each.token]!, new Set());
          one.look(channel, tokens[each.token]);
        }
        const owned = one.owners(...tokens).filter((owner) => owner !== undefined);
        expect(new Set(owned).size).toBe(owned.length);
        for (const each of tokens) {
          const [owner] = one.owners(each);
          if (owner !== undefined) expect([...named.get(each)!]).toEqual([owner]);
        }
      }
    }),
    { numRuns: 500 },
  );
});
