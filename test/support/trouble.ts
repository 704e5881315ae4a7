// What every test of trouble around a call asks for: the music goes on, and the log says once what is wrong.
// A caller judges by their ear, an operator by the line in the log; both are measured on the real process.
import { windowLevels } from './audio';
import { until } from './process';
import type { LogLine, Stream } from './stream';

/** Softer than this, 200 ms long, is silence to a caller; 0 dB is one step of a sample. */
const AUDIBLE_DB = 30;

/** Music is there in every 200 ms, in whole Frames, and the stream still obeys. */
export async function expectMusic(stream: Stream, ms = 800, limitMs = ms + 3000): Promise<void> {
  await stream.hear(ms, limitMs);
  for (const level of windowLevels(stream.samples, 1600)) expect(level).toBeGreaterThan(AUDIBLE_DB);
  const { afterMs } = await stream.hangUp();
  expect(afterMs).toBeLessThan(4000);
  expect(stream.bytes % 640).toBe(0);
}

export const complaints = (stream: Stream): LogLine[] =>
  stream.log.filter(({ level }) => level === 'error' || level === 'warn');

/** Waits for the one line that says what is wrong. */
export async function expectComplaint(stream: Stream, code: string, limitMs = 20_000): Promise<LogLine> {
  const said = (): boolean => complaints(stream).length > 0;
  await until(() => `a complaint; the log is ${stream.stderr}`, said, limitMs);
  expect(complaints(stream)).toHaveLength(1);
  const line = complaints(stream)[0]!;
  expect(line['code']).toBe(code);
  expect(line['hint']).toEqual(expect.stringMatching(/\w+ \w+/));
  return line;
}
