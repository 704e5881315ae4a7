// How long a caller waits for what his key does, on a real Asterisk with real presses (RFC 4733).
// Run alone: another Asterisk beside it would be measured too.
import { balanceId, configText, positionId } from './lab/config';
import { keepFigures, summary } from './lab/figures';
import { keyDelays, pressKeys, type KeyDelay } from './lab/keyDelays';
import { Lab } from './lab/lab';
import { tracks, voices } from './lab/media';

const CALLERS = 6;
const ROUNDS = 3;
const phones = Array.from({ length: CALLERS }, (_, i) => String(300 + i));
const prompts = voices([...phones.map(balanceId), ...phones.map((_, i) => positionId(i + 1))]);

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open({ media: { ...tracks(8, 60), ...prompts }, config: (one) => configText(one) });
  await lab.startHub();
});
afterAll(() => lab?.close());

const present = (values: (number | undefined)[]): number[] => values.filter((value) => value !== undefined);

test('every press of a key is heard; how soon, is measured', async () => {
  const delays = (
    await Promise.all(
      phones.map(async (phone, i): Promise<KeyDelay[]> => {
        const caller = await lab.call({ queue: 'keys', phone });
        await caller.ear.hear(3000);
        const position = (await lab.positionOf(caller)) ?? 0;
        const presses = await pressKeys(caller, ['3', '4', '2'], ROUNDS, 3500 + 50 * i);
        await caller.hangUp();
        const answers = { '4': prompts[positionId(position)]!, '2': prompts[balanceId(phone)]! };
        return keyDelays(lab, caller, presses, (digit) => answers[digit as '2' | '4']);
      }),
    )
  ).flat();
  const audible = present(delays.map(({ audibleMs }) => audibleMs));
  const answers = (digit: string): number[] =>
    present(delays.filter((delay) => delay.digit === digit).map(({ answerMs }) => answerMs));
  keepFigures(lab, 'key to ear, ms', {
    audible: summary(audible),
    newTrack: summary(answers('3')),
    place: summary(answers('4')),
    balance: summary(answers('2')),
  });
  expect(audible).toHaveLength(CALLERS * ROUNDS * 3);
  expect(answers('2').length + answers('3').length + answers('4').length).toBe(audible.length);
});
