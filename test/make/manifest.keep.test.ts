// What the make step leaves alone: speech whose text, voice and file are as they were.
// Without this a new version of a synthesiser would change every clip when one text is added.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keptEntry, writeEntry, type Credits, type Entry } from '../../media/make/manifest';
import { tempFolder } from '../media/fixtures';

const FILE = 'prompts/en/one-moment.wav';
const CREDITS = {
  kind: 'speech',
  title: 'One moment',
  language: 'en',
  text: 'One moment, please.',
  voice: 'a voice',
  author: 'somebody',
  licence: 'CC0-1.0',
} as const satisfies Credits;

function rendered(): { folder: string; entry: Entry } {
  const folder = tempFolder();
  const tone = Float32Array.from({ length: 8000 }, (_, i) => 0.3 * Math.sin(i));
  return { folder, entry: writeEntry(folder, FILE, tone, CREDITS) };
}

test('a speech that is as it was is kept, its measured figures with it', () => {
  const { folder, entry } = rendered();
  expect(keptEntry(folder, entry, FILE, CREDITS)).toEqual(entry);
  expect(keptEntry(folder, entry, FILE, { ...CREDITS, title: 'Moment' })).toEqual({
    ...entry,
    title: 'Moment',
  });
});

test.each<[string, Partial<typeof CREDITS> | Record<string, string>]>([
  ['text', { text: 'Just a moment.' }],
  ['voice', { voice: 'another voice' }],
])('a speech with another %s is rendered again', (_, change) => {
  const { folder, entry } = rendered();
  expect(keptEntry(folder, entry, FILE, { ...CREDITS, ...change })).toBeUndefined();
});

test('a speech that is new, whose file is gone, or was changed by hand, is rendered again', () => {
  const { folder, entry } = rendered();
  expect(keptEntry(folder, undefined, FILE, CREDITS)).toBeUndefined();
  expect(keptEntry(folder, entry, 'prompts/en/gone.wav', CREDITS)).toBeUndefined();
  writeFileSync(join(folder, FILE), 'something else');
  expect(keptEntry(folder, entry, FILE, CREDITS)).toBeUndefined();
});
