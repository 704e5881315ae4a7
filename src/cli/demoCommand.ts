// `holdcast demo`: a call as a caller hears it, by the real stream code on the embedded defaults, but on a clock that
// runs as fast as the machine: a person sees and hears in a second what would take a minute and a half.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { FRAME_MS } from '../audio/frame';
import { resolveConfig } from '../config/defaults';
import { speakerSettings } from '../config/rules';
import { callPicture, savePicture } from '../render/picture';
import { Recorder } from '../render/recorder';
import { ScriptRecords, type ScriptedBilling } from '../render/scriptOffice';
import { SettledSpeech } from '../render/settledSpeech';
import { formatTimeline } from '../render/timeline';
import { WavFile } from '../render/wavFile';
import { openSpeaker } from '../speech/open';
import type { CallOutside } from '../stream/outside';
import type { AudioOutput } from '../pipe/pipeOutput';
import { CallStream } from '../stream/stream';
import { ManualClock, systemClock, type Clock } from '../util/clock';
import type { Context } from './context';
import { openProgress, type Progress } from './progress';

const SECONDS = 90;
const FRAMES = (SECONDS * 1000) / FRAME_MS;
/** What the caller does: at which second, and what. */
const SCRIPT: readonly { at: number; key?: string; position?: number }[] = [
  { at: 12, position: 3 },
  { at: 32, key: '2' },
  { at: 54, key: '3' },
  { at: 66, position: 2 },
];
const KEYS: Readonly<Record<string, string>> = { '2': 'balance', '3': 'next track' };
/** The caller, and what billing says of them. */
const CALLER = { uniqueid: 'demo', phone: '5550100' };
const BILLING: ScriptedBilling = {
  billingMs: 50,
  accounts: [{ number: '00412', balance: '-12.50', currency: 'USD' }],
};

/** What a demo writes into a folder: the call, and its picture. */
export function demoFiles(folder: string): [wav: string, png: string] {
  return [join(folder, 'call.wav'), join(folder, 'call.png')];
}

export async function demoCommand(options: { out: string }, context: Context): Promise<number> {
  const { out } = context;
  mkdirSync(options.out, { recursive: true });
  const [wav, png] = demoFiles(options.out);
  out.write('A caller waits for 90 seconds. They hear:\n\n');
  const progress = openProgress(out, 'the call');
  const { recorder, samples, rate } = await playCall(wav, context, progress).finally(progress.close);
  out.write(`${formatTimeline([...recorder.events], { colour: out.isTTY })}\n\n`);
  const { events, duckGainDb } = recorder;
  const title = 'Holdcast: 90 seconds on hold';
  savePicture(png, await callPicture({ samples, rate, events: [...events], duckGainDb, title }));
  out.write(`Listen:  ${wav}   (8 kHz, as the telephone carries it)\nLook:    ${png}\n\n`);
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

/** What a call has outside of its process, as Asterisk would tell it. */
function outside(clock: Clock): CallOutside {
  return {
    follow: (tell) => tell({ type: 'identity', identity: CALLER }),
    records: new ScriptRecords({ script: BILLING, clock }),
    close: () => {},
  };
}

/** Runs a CallStream whose output is a file and whose clock is moved on by hand. */
async function playCall(path: string, { log, signal }: Context, progress: Progress) {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-demo-'));
  const calls = { folder: join(folder, 'calls') };
  const config = resolveConfig({ calls }, { configDir: process.cwd(), env: process.env });
  const { rate } = config.program;
  const recorder = new Recorder(rate);
  const clock = new ManualClock();
  const file = new WavFile(path, rate);
  const output = new FileOutput(file, SECONDS * rate);
  const speaker = { ...speakerSettings(config), readMode: 'memory', clock: systemClock(), log } as const;
  const voices = await openSpeaker(speaker);
  const speech = new SettledSpeech(voices);
  const stream = new CallStream({
    options: { options: { uniqueid: CALLER.uniqueid }, certain: true, unknown: [] },
    defaults: config,
    loadWarm: () => Promise.resolve({ ...config, log: { level: 'error' } }),
    loadCold: () => Promise.resolve(config),
    output,
    clock,
    readMode: 'memory',
    settleMs: 0,
    speech,
    openOutside: () => Promise.resolve(outside(clock)),
    requestPreparation: () => log.warn({}, 'some media are not prepared: run `holdcast media prepare`'),
    onEnd: () => {},
    onEvent: (event) => recorder.onEvent(event),
    onFrame: (program) => recorder.onFrame(program),
  });
  try {
    await stream.run();
    const script = [...SCRIPT];
    for (let frame = 0; frame < FRAMES; frame++) {
      while (script[0] && script[0].at * 1000 <= clock.now()) act(stream, recorder, script.shift()!);
      clock.advance(FRAME_MS);
      // What real time would give: turns of the event loop, in which the library is scanned.
      await new Promise(setImmediate);
      await speech.settled();
      signal.throwIfAborted();
      if (frame % 25 === 0) progress.show(frame / FRAMES);
    }
  } catch (error) {
    file.discard();
    throw error;
  } finally {
    await stream.close();
    await voices.close();
    rmSync(folder, { recursive: true, force: true });
  }
  recorder.finish();
  file.finish();
  return { recorder, samples: output.samples, rate };
}

function act(stream: CallStream, recorder: Recorder, { key, position }: (typeof SCRIPT)[number]): void {
  if (key !== undefined) {
    recorder.note('key', key, KEYS[key]);
    stream.session?.hear({ type: 'key', digit: key });
  }
  if (position !== undefined) {
    recorder.note('position', String(position));
    stream.session?.hear({ type: 'place', place: { queue: 'demo', position } });
  }
}

/** Takes what the Pacer hands out, and keeps it for the picture; the lead beyond the end of the call is left out. */
class FileOutput implements AudioOutput {
  readonly samples: Int16Array;
  #at = 0;

  constructor(
    private readonly file: WavFile,
    samples: number,
  ) {
    this.samples = new Int16Array(samples);
  }

  write(bytes: Uint8Array): 'written' {
    const frame = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    const kept = frame.subarray(0, this.samples.length - this.#at);
    this.samples.set(kept, this.#at);
    this.file.write(kept);
    this.#at += kept.length;
    return 'written';
  }

  queuedBytes(): undefined {
    return undefined;
  }

  close(): void {}
}
