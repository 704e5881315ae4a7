// ChannelList: one list for all who ask at the same time. Would catch: a call that came after its list was asked for and is taken for
// gone, a question for each look-up of a flood, an answer that never comes where Asterisk cannot be asked.
import { ChannelList } from '../../src/hub/admission';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Asterisk {
  readonly there = new Set<string>();
  readonly #asked: (() => void)[] = [];
  lists = 0;
  reachable = true;

  /** What is there now; told when `answer` is called. */
  calls(): Promise<ReadonlySet<string> | undefined> {
    this.lists++;
    const seen = this.reachable ? new Set(this.there) : undefined;
    return new Promise((resolve) => this.#asked.push(() => resolve(seen)));
  }
  async answer(): Promise<void> {
    for (const tell of this.#asked.splice(0)) tell();
    await settled();
  }
}

let asterisk: Asterisk;
let roll: ChannelList;
beforeEach(() => {
  asterisk = new Asterisk();
  roll = new ChannelList(asterisk);
});

test('who asks while a list is under way is found in it, or in the next', async () => {
  asterisk.there.add('1.1');
  const early = roll.has('0.0');
  asterisk.there.add('1.2');
  const [old, young, nobody] = [roll.has('1.1'), roll.has('1.2'), roll.has('9.9')];
  await asterisk.answer();
  await expect(Promise.all([early, old])).resolves.toEqual([false, true]);
  await asterisk.answer();
  await expect(Promise.all([young, nobody])).resolves.toEqual([true, false]);
  expect(asterisk.lists).toBe(2);
});

test('thousands at once are two lists; later ones are asked for anew', async () => {
  const asked = Array.from({ length: 5000 }, (_, i) => roll.has(`9.${i}`));
  await asterisk.answer();
  await asterisk.answer();
  expect((await Promise.all(asked)).includes(true)).toBe(false);
  expect(asterisk.lists).toBe(2);
  asterisk.there.add('1.1');
  const later = roll.has('1.1');
  await asterisk.answer();
  await expect(later).resolves.toBe(true);
});

test('where Asterisk cannot be asked nobody is there, and it is asked again', async () => {
  asterisk.reachable = false;
  const first = roll.has('1.1');
  await asterisk.answer();
  await expect(first).resolves.toBe(false);
  asterisk.reachable = true;
  asterisk.there.add('1.1');
  const second = roll.has('1.1');
  await asterisk.answer();
  await expect(second).resolves.toBe(true);
});
