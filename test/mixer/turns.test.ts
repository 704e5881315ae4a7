// Whose turn it is. Would catch: a call that is left out or served twice because another has come or gone meanwhile, or because
// ticks did not come.
import { Turns } from '../../src/mixer/turns';

const CALLS = 100;
let turns: Turns<number>;
let served: number[];
beforeEach(() => {
  turns = new Turns();
  served = [];
  for (let call = 0; call < CALLS; call++) turns.add(call);
});

function serve(count: number, missed = 0, { between = () => {} } = {}): void {
  turns.serve(count, missed, { visit: (call) => void served.push(call), between });
}
const all = Array.from({ length: CALLS }, (_, call) => call);
const sorted = (): number[] => [...served].sort((a, b) => a - b);

test('each call once in eight ticks, an eighth of them in each', () => {
  for (let tick = 0; tick < 8; tick++) {
    serve(tick);
    expect(Math.abs(served.length - (CALLS * (tick + 1)) / 8)).toBeLessThan(4);
  }
  expect(sorted()).toEqual(all);
});

test.each([3, 7, 8, 500])('%i ticks that did not come: nobody is left out, nobody served twice', (missed) => {
  for (let tick = 0; tick < 8 - Math.min(missed, 7) - 1; tick++) serve(tick);
  serve(7, missed);
  expect(sorted()).toEqual(all);
});

test('who goes while others are served takes nobody with them, and is not served any more; who comes is served next', () => {
  const gone = [0, 8, 40];
  let first = true;
  const between = (): void => {
    if (first) gone.forEach((call) => turns.remove(call));
    if (first) turns.add(CALLS);
    first = false;
  };
  // 0 is the first of all to be served; it is gone behind that.
  for (let tick = 0; tick < 8; tick++) serve(tick, 0, { between });
  expect(sorted()).toEqual([...all.filter((call) => call === 0 || !gone.includes(call)), CALLS]);
});

test('nobody is served when all are gone', () => {
  turns.clear();
  for (let tick = 0; tick < 8; tick++) serve(tick);
  expect(served).toEqual([]);
});
