// The timeline as text: aligned, in order, and safe to print whatever a file is called.
// Laws rather than layouts, but for one golden example that a person reads.
import { formatLength, formatTime, formatTimeline, type TimelineEvent } from '../../src/render/timeline';

const call: TimelineEvent[] = [
  { atMs: 0, kind: 'music', title: 'First Light' },
  { atMs: 41_900, kind: 'key', title: '3', detail: 'next track' },
  { atMs: 20_000, kind: 'advice', title: 'InitialTrack', detail: 'first', untilMs: 24_200 },
  { atMs: 24_200, kind: 'announcement', title: 'Balance' },
];

test('a call reads as a list in the order of time', () => {
  expect(formatTimeline(call)).toBe(
    [
      '00:00  music         "First Light"',
      '00:20  advice        "InitialTrack" (first, 4.2 s)',
      '00:24  announcement  "Balance"',
      '00:41  key           3 (next track)',
      '',
    ].join('\n'),
  );
});

test('columns stay aligned past an hour', () => {
  const lines = formatTimeline([...call, { atMs: 3_723_000, kind: 'music', title: 'Late' }]).split('\n');
  expect(lines[0]).toBe('  00:00  music         "First Light"');
  expect(lines[4]).toBe('1:02:03  music         "Late"');
});

test('colour only when asked, and it changes nothing else', () => {
  const coloured = formatTimeline(call, { colour: true });
  expect(coloured.replace(/\u001b\[[0-9;]*m/g, '')).toBe(formatTimeline(call));
  expect(coloured).not.toBe(formatTimeline(call));
  expect(formatTimeline(call)).not.toContain('\u001b');
});

test('a title cannot move the cursor or break the line', () => {
  const text = formatTimeline([{ atMs: 0, kind: 'music', title: 'a\u001b[2J\nb\u202e' }]);
  expect(text).toBe('00:00  music  "a\\x1b[2J\\x0ab\\u202e"\n');
});

test('nothing happened', () => expect(formatTimeline([])).toBe(''));

test.each([
  [-5, '00:00'],
  [59_999, '00:59'],
  [83_000, '01:23'],
  [7_200_000, '2:00:00'],
])('%d ms is %s', (ms, text) => expect(formatTime(ms)).toBe(text));

test.each([
  [300, '300 ms'],
  [1000, '1.0 s'],
  [41_000, '41 s'],
  [59_600, '1:00 min'],
  [125_000, '2:05 min'],
])('a length of %d ms is %s', (ms, text) => expect(formatLength(ms)).toBe(text));
