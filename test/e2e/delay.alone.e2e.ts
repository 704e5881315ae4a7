// How long a caller waits for what their key does, on a real Asterisk with real presses (RFC 4733).
// Run alone: another Asterisk beside it would be measured too.
import { BillingServer, says } from '../support/billingServer';
import { configText, positionId } from './lab/config';
import { keepFigures, summary } from './lab/figures';
import { keyDelays, pressKeys, type KeyDelay } from './lab/keyDelays';
import { Lab } from './lab/lab';
import { tracks, voices } from './lab/media';
import { wordsOf } from './lab/speech';
import { sleep } from './lab/wait';

const CALLERS = 8;
const ROUNDS = 2;
const BILLING_MS = 50;
const DIGITS = ['3', '2', '4', '2'];
const phones = Array.from({ length: CALLERS }, (_, i) => String(300 + i));
const prompts = voices(phones.map((_, i) => positionId(i + 1)));
const firstWord = wordsOf('en')['your-balance-is']!;

let lab: Lab;
let billing: BillingServer;
beforeAll(async () => {
  billing = await BillingServer.start((request, response) => {
    const accounts = [{ number: '00041277', balance: request.query.get('phone')!.slice(-1) }];
    void sleep(BILLING_MS).then(() => says(accounts)(request, response));
  });
  const asked = `{ http: { url: '${billing.origin}/balance?phone={phone}' }, cacheMs: 0 }`;
  const media = { ...tracks(8, 60), ...prompts };
  // The music is up again before the next press.
  const more = 'duck: { holdMs: 100, releaseMs: 200 },';
  lab = await Lab.open({ media, config: (one) => configText(one, { billing: asked, more }) });
  await lab.startHub();
});
afterAll(async () => {
  await lab?.close();
  await billing?.close();
});

const present = (values: (number | undefined)[]): number[] => values.filter((value) => value !== undefined);

test('every press of a key is heard; how soon, is measured', async () => {
  const delays = (
    await Promise.all(
      phones.map(async (phone, i): Promise<KeyDelay[]> => {
        const caller = await lab.call({ queue: 'keys', phone });
        await caller.ear.hear(3000);
        const position = (await lab.positionOf(caller)) ?? 0;
        const presses = await pressKeys(caller, DIGITS, ROUNDS, 4000 + 50 * i);
        await caller.hangUp();
        const answers = { '4': prompts[positionId(position)]!, '2': firstWord };
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
    // Over HTTP, answered after 50 ms. The figure of issue 4: a median of 600 at the most, on a machine that does nothing else.
    balance: summary(answers('2')),
  });
  expect(audible).toHaveLength(CALLERS * ROUNDS * DIGITS.length);
  expect(answers('2').length + answers('3').length + answers('4').length).toBe(audible.length);
  expect(billing.requests).toHaveLength(answers('2').length);
});
