// The state of a call is written at intervals and at the end, and never after the call is over.
// A CallStateSaver that cannot write costs the call its memory, not its music.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from '../../src/store/stateFile';
import { CallStateSaver } from '../../src/stream/initialState';
import { ManualClock } from '../../src/util/clock';
import { createLogger } from '../../src/util/log';

let folder: string;
let clock: ManualClock;
let states: StateFile;
let lines: string[];
let count: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdcast-keeper-'));
  clock = new ManualClock();
  states = new StateFile(join(folder, 'calls'));
  lines = [];
  count = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function keeper(of = states): CallStateSaver {
  const log = createLogger(
    (level, fields) => lines.push(`${level} ${String(fields['code'])}`),
    clock.wall,
    'debug',
  );
  return new CallStateSaver({
    states: of,
    uniqueid: '1.1',
    everyMs: 2000,
    clock,
    log,
    state: () => ({ count: ++count }),
  });
}

test('writes at intervals, not before', () => {
  const kept = keeper();
  clock.advance(1999);
  expect(states.read('1.1')).toBeUndefined();
  clock.advance(1);
  expect(states.read('1.1')).toEqual({ count: 1 });
  clock.advance(4000);
  expect(states.read('1.1')).toEqual({ count: 3 });
  kept.close();
});

test('writes once more at the end, and leaves no timer', () => {
  const kept = keeper();
  kept.close();
  kept.close();
  expect([states.read('1.1'), clock.pending]).toEqual([{ count: 1 }, 0]);
});

test('forgets a call that is over, also when the process ends after it', () => {
  const kept = keeper();
  clock.advance(2000);
  kept.over();
  kept.close();
  expect([states.read('1.1'), clock.pending]).toEqual([undefined, 0]);
});

test('says once that it cannot write, and again after it could', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const kept = keeper(new StateFile(join(file, 'calls')));
  clock.advance(6000);
  expect(lines).toEqual(['warn HC_STATE_UNWRITABLE']);
  rmSync(file);
  clock.advance(2000);
  rmSync(file, { recursive: true });
  writeFileSync(file, '');
  clock.advance(2000);
  expect(lines).toHaveLength(2);
  kept.close();
});
