// `holdcast render`: a scripted call as a WAV file, its timeline on the terminal, its picture if wanted.
import { readFileSync } from 'node:fs';
import { FRAME_MS } from '../audio/frame';
import type { ResolvedConfig } from '../config/types';
import { callPicture, savePicture } from '../render/picture';
import { renderCall } from '../render/render';
import type { Recorder } from '../render/recorder';
import { parseScript, type CallScript } from '../render/script';
import { formatTimeline } from '../render/timeline';
import { WavFile } from '../render/wavFile';
import { errnoOf, HoldcastError } from '../util/errors';
import type { Context } from './context';
import { openProgress } from './progress';

export interface RenderOptions {
  script?: string;
  out: string;
  seconds?: number;
  seed?: number;
  picture?: string;
  config: ResolvedConfig;
}

export async function renderCommand(options: RenderOptions, { out, log, signal }: Context): Promise<number> {
  const { config } = options;
  const script = scriptOf(options);
  const wav = openWav(options.out, config.program.rate);
  const kept = options.picture ? new Int16Array(Math.ceil(script.seconds * config.program.rate)) : undefined;
  let at = 0;
  const progress = openProgress(out, 'rendering');
  let recorder: Recorder;
  try {
    recorder = await renderCall({
      config,
      script,
      log,
      signal,
      onProgress: progress.show,
      write: (frame) => {
        wav.write(frame);
        kept?.set(frame.subarray(0, Math.max(0, kept.length - at)), at);
        at += frame.length;
      },
    });
    wav.finish();
  } catch (error) {
    wav.discard();
    throw error;
  } finally {
    progress.close();
  }
  const say = (text: string): void => void (wav.special ? process.stderr.write(text) : out.write(text));
  say(`${formatTimeline([...recorder.events], { colour: out.isTTY })}\n`);
  say(`wrote ${options.out} (${((recorder.frames * FRAME_MS) / 1000).toFixed(1)} s)\n`);
  if (options.picture && kept) {
    const { events, duckGainDb } = recorder;
    const picture = { samples: kept, rate: config.program.rate, events: [...events], duckGainDb };
    savePicture(
      options.picture,
      await callPicture({ ...picture, title: options.script ?? 'A call on hold' }),
    );
    say(`drew  ${options.picture}\n`);
  }
  return 0;
}

function scriptOf({ script, seconds, seed }: RenderOptions): CallScript {
  const parsed = parseScript(script === undefined ? '{}' : readText(script), script ?? 'the default script');
  return { ...parsed, ...(seconds !== undefined && { seconds }), ...(seed !== undefined && { seed }) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const hint = 'give the path of a JSON file; docs/render.md has an example';
    throw new HoldcastError('HC_USAGE', `cannot read ${path} (${errnoOf(cause)})`, hint, { cause });
  }
}

function openWav(path: string, rate: number): WavFile {
  try {
    return new WavFile(path, rate);
  } catch (cause) {
    throw new HoldcastError(
      'HC_USAGE',
      `cannot write ${path} (${errnoOf(cause)})`,
      'choose a folder that exists and is writable',
      { cause },
    );
  }
}
