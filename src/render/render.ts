// The offline host: the same Program and Session as a live call, as fast as the machine goes, and the same samples
// each time for the same script, media and seed.
import { FRAME_MS, frameSamples } from '../audio/frame';
import { callRules, speakerSettings } from '../config/rules';
import type { ResolvedConfig } from '../config/types';
import { Library } from '../media/library';
import type { Program } from '../program/program';
import { actionName, type BuiltinAction, type KeyBinding } from '../session/actions';
import { assembleCall } from '../session/assemble';
import { programLog } from '../session/eventLog';
import type { Session } from '../session/session';
import type { Speech } from '../session/speech';
import { spokenServices } from '../session/callServices';
import { ManualClock, systemClock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import type { Logger } from '../util/log';
import { seededRandom } from '../util/random';
import type { Closeable } from '../util/scope';
import { Recorder } from './recorder';
import type { CallScript, ScriptEvent } from './script';
import { ScriptRecords, SettledSpeech } from './scriptedServices';

export interface RenderParts {
  config: ResolvedConfig;
  script: CallScript;
  log: Logger;
  /** Takes each Frame in turn; the buffer is used again. */
  write: (frame: Int16Array) => void;
  /** Called about once a rendered minute with the part that is done, 0 to 1. */
  onProgress?: (done: number) => void;
  signal?: AbortSignal;
  /** Says numbers. Default: the voices of the config. */
  speech?: Speech;
}

interface OfflineCall {
  program: Program;
  session: Session;
  library: Library;
  clock: ManualClock;
  recorder: Recorder;
  speech: SettledSpeech;
}

const FRAMES_PER_PROGRESS = 60_000 / FRAME_MS;

/**
 * Renders the whole script; rejects when `signal` fires.
 * @throws HoldcastError HC_SCRIPT_INVALID when the script names an advice that the library does not have, or an amount
 * that is none
 */
export async function renderCall(parts: RenderParts): Promise<Recorder> {
  const voices = parts.speech ? undefined : await openVoices(parts);
  try {
    return await render(parts, await openCall(parts, new SettledSpeech(parts.speech ?? voices!)));
  } finally {
    await voices?.close();
  }
}

async function render(parts: RenderParts, call: OfflineCall): Promise<Recorder> {
  const { config, script, signal } = parts;
  const { program, session, clock, recorder, speech } = call;
  const frame = new Int16Array(frameSamples(config.program.rate));
  const frames = Math.round((script.seconds * 1000) / FRAME_MS);
  const waiting = [...script.events];
  try {
    for (let i = 0; i < frames; i++) {
      signal?.throwIfAborted();
      while (waiting[0] && waiting[0].at <= i * FRAME_MS) perform(waiting.shift()!, call, config);
      program.render(frame);
      parts.write(frame);
      recorder.onFrame(program);
      clock.advance(FRAME_MS);
      if (session.busy) {
        await new Promise(setImmediate); // what an operator wrote has its turn
        await speech.settled();
      }
      if (i % FRAMES_PER_PROGRESS !== 0) continue;
      parts.onProgress?.(i / frames);
      await new Promise(setImmediate); // a turn in which a signal is noticed
    }
  } finally {
    session.close();
    program.close();
  }
  recorder.finish();
  return recorder;
}

/** The config's voices; programs among them have the time that they take, whatever the call's clock says. */
async function openVoices({ config, log }: RenderParts): Promise<Speech & Closeable> {
  const { openSpeaker } = await import('../speech/open');
  return openSpeaker({ ...speakerSettings(config), clock: systemClock(), log });
}

async function openCall(parts: RenderParts, speech: SettledSpeech): Promise<OfflineCall> {
  const { config, script, log } = parts;
  const library = new Library({ settings: config.media, log, readMode: 'sync' });
  await library.scan();
  // The same on every machine: without a time zone in the config the call uses the offset of `start`.
  const { rules, ready } = callRules({ timeZone: 'UTC', ...config });
  await ready();
  const clock = new ManualClock(
    config.timeZone === undefined ? clockTime(script.start) : Date.parse(script.start),
  );
  const recorder = new Recorder(config.program.rate);
  const toLog = programLog(log, config.program.rate);
  const currency = config.billing?.currency;
  const records = ScriptRecords.isNeededBy(script)
    ? new ScriptRecords({ script, clock, currency })
    : undefined;
  const services = records && spokenServices({ records, speech: () => speech, clock, log });
  const { program, session } = assembleCall({
    call: {
      language: script.language ?? config.language,
      ...(records && { uniqueid: 'script', certain: true }),
    },
    services: () => services,
    speech: () => speech,
    rules: { ...rules, asksPin: script.pin !== undefined },
    media: library,
    clock,
    random: seededRandom(script.seed),
    log,
    onEvent: (event) => {
      toLog(event);
      recorder.onEvent(event);
    },
  });
  return { program, session, library, clock, recorder, speech };
}

function perform(
  event: ScriptEvent,
  { program, session, library, recorder }: OfflineCall,
  config: ResolvedConfig,
): void {
  if ('key' in event) {
    const binding = config.keys[event.key];
    if (session.takesPin) recorder.note('key', '·', 'PIN');
    else recorder.note('key', event.key, binding ? nameOf(binding) : 'not bound');
    session.hear({ type: 'key', digit: event.key });
  } else if ('position' in event) {
    recorder.note('position', String(event.position));
    session.hear({ type: 'place', place: { queue: 'script', position: event.position } });
  } else {
    const clip = event.advice.startsWith('advices/') ? library.find(event.advice) : undefined;
    if (!clip) throw unknownAdvice(event.advice);
    program.say({ kind: 'advice', title: clip.title, clips: [clip] });
  }
}

const ACTIONS: Readonly<Record<string, string>> = {
  nextTrack: 'next track',
  quiet: 'quiet',
  sayBalance: 'balance',
  sayPosition: 'place in the queue',
} satisfies Record<BuiltinAction, string>;

function nameOf(binding: KeyBinding): string {
  const name = actionName(binding);
  return ACTIONS[name] ?? name;
}

/** "2026-01-05T09:58:00+03:00" as if it were written in UTC, milliseconds since 1970. */
function clockTime(start: string): number {
  return Date.parse(start.replace(/(Z|[+-]\d{2}:?\d{2})$/, 'Z'));
}

function unknownAdvice(id: string): HoldcastError {
  const hint =
    'the ids are those that `holdcast media list` shows, for example advices/first/10-welcome.en.wav';
  return new HoldcastError(
    'HC_SCRIPT_INVALID',
    `the script names ${id}, which the library does not have ready`,
    hint,
  );
}
