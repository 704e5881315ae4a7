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
import { openProgress } from './terminal';

export interface RenderOptions {
  script?: string;
  out: string;
  seconds?: number;
  seed?: number;
  picture?: string;
  config: ResolvedConfig;
}

export async function renderCommand(options: RenderOptions, context: Context): Promise<number> {
  const { out } = context;
  const script = scriptOf(options);
  const title = options.script ?? 'A call on hold';
  const { recorder, wav } = await renderToFiles({ ...options, script, title }, context);
  // Where the WAV goes to a pipe, that may be standard output.
  const say = (text: string): void => void (wav.special ? process.stderr.write(text) : out.write(text));
  say(`${formatTimeline(recorder.events, { colour: out.isTTY })}\n`);
  say(`wrote ${options.out} (${((recorder.frames * FRAME_MS) / 1000).toFixed(1)} s)\n`);
  if (options.picture) say(`drew  ${options.picture}\n`);
  return 0;
}

export interface RenderFiles {
  config: ResolvedConfig;
  script: CallScript;
  /** The WAV file. */
  out: string;
  /** The PNG file; absent: none. */
  picture?: string | undefined;
  /** Of the picture. */
  title: string;
}

/** Renders a call into a WAV file and, where one is wanted, a picture. Nothing is left of it when it is interrupted. */
export async function renderToFiles(
  { config, script, out, picture, title }: RenderFiles,
  { out: terminal, log, signal }: Context,
): Promise<{ recorder: Recorder; wav: WavFile }> {
  const { rate } = config.program;
  const hint = 'choose a folder that exists and is writable';
  const wav = orUsage(`write ${out}`, hint, () => new WavFile(out, rate));
  const samples = new Int16Array(picture === undefined ? 0 : Math.ceil(script.seconds * rate));
  let at = 0;
  const write = (frame: Int16Array): void => {
    wav.write(frame);
    if (at < samples.length) samples.set(frame.subarray(0, samples.length - at), at);
    at += frame.length;
  };
  const progress = openProgress(terminal, 'rendering');
  try {
    const recorder = await renderCall({ config, script, log, signal, onProgress: progress.show, write });
    wav.finish();
    if (picture !== undefined) {
      const { events, duckGainDb } = recorder;
      savePicture(picture, await callPicture({ samples, rate, events, duckGainDb, title }));
    }
    return { recorder, wav };
  } catch (error) {
    wav.discard();
    throw error;
  } finally {
    progress.close();
  }
}

function scriptOf({ script, seconds, seed }: RenderOptions): CallScript {
  const hint = 'give the path of a JSON file; docs/render.md has an example';
  const text =
    script === undefined ? '{}' : orUsage(`read ${script}`, hint, () => readFileSync(script, 'utf8'));
  const parsed = parseScript(text, script ?? 'the default script');
  return { ...parsed, ...(seconds !== undefined && { seconds }), ...(seed !== undefined && { seed }) };
}

function orUsage<T>(what: string, hint: string, task: () => T): T {
  try {
    return task();
  } catch (cause) {
    throw new HoldcastError('HC_USAGE', `cannot ${what} (${errnoOf(cause)})`, hint, { cause });
  }
}
