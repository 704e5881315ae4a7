// `holdcast demo`: a call of 90 seconds as a caller hears it, rendered from a script on the shipped media and defaults.
// A person sees and hears in a second what would take a minute and a half on the telephone.
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { resolveConfig } from '../config/defaults';
import type { CallScript } from '../render/script';
import { formatTimeline } from '../render/timeline';
import type { Context } from './context';
import { renderToFiles } from './renderCommand';

const SCRIPT: CallScript = {
  seconds: 90,
  start: '2026-01-05T12:00:00Z',
  seed: 1,
  accounts: [{ number: '00412', balance: '-12.50', currency: 'USD' }],
  billingMs: 50,
  events: [
    { at: 12_000, position: 3 },
    { at: 32_000, key: '2' },
    { at: 54_000, key: '3' },
    { at: 66_000, position: 2 },
  ],
};

/** What a demo writes into a folder: the call, and its picture. */
export function demoFiles(folder: string): [wav: string, png: string] {
  return [join(folder, 'call.wav'), join(folder, 'call.png')];
}

export async function demoCommand(options: { out: string }, context: Context): Promise<number> {
  const { out } = context;
  const [wav, picture] = demoFiles(options.out);
  mkdirSync(options.out, { recursive: true });
  out.write('A caller waits for 90 seconds. They hear:\n\n');
  const config = resolveConfig({}, { configDir: process.cwd(), env: process.env });
  const title = 'Holdcast: 90 seconds on hold';
  const { recorder } = await renderToFiles({ config, script: SCRIPT, out: wav, picture, title }, context);
  out.write(`${formatTimeline(recorder.events, { colour: out.isTTY })}\n\n`);
  out.write(`Listen:  ${wav}   (8 kHz, as the telephone carries it)\nLook:    ${picture}\n\n`);
  out.write(nextSteps(relative(process.cwd(), options.out) || '.'));
  return 0;
}

function nextSteps(folder: string): string {
  return [
    'What to try next:',
    '  • drop an mp3 into media/music/, run `bin/holdcast media prepare`, then `npm run demo` again',
    '  • cp config.example.ts config.ts, change a figure, run `bin/holdcast config check`',
    `  • write your own call: docs/render.md, then bin/holdcast render --script my.json --out ${folder}/my.wav`,
    '  • put it into Asterisk: README, "Into Asterisk"',
    '',
  ].join('\n');
}
