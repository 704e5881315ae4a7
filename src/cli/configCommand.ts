// `holdcast config check`: which file is the config, what it comes to, what is wrong and what to do about it.
import { ConfigProblems, loadConfig, type LoadContext, type LoadedConfig } from '../config/load';
import { withoutSecrets, type Problem } from '../config/problems';
import type { ResolvedConfig } from '../config/types';
import { actionName } from '../session/actions';
import { HoldcastError } from '../util/errors';
import { notesOn } from './configNotes';
import { labelled } from '../util/textTable';
import type { Terminal } from './terminal';

/** As given on the command line. */
export interface ConfigCheckOptions {
  config?: string;
  json?: boolean;
}

interface Finding {
  code: string;
  message: string;
  hint?: string;
  problems: readonly Problem[];
}

/** Checks the config and prints what it found. The exit code: 0 when calls would use it, 1 when they could not. */
export async function configCheck(
  { config: path, json = false }: ConfigCheckOptions,
  { out, ...context }: { out: Pick<Terminal, 'write' | 'isTTY'> } & Partial<LoadContext>,
): Promise<number> {
  try {
    const loaded = await loadConfig(path, context);
    const notes = await notesOn(loaded);
    const shown = withoutSecrets(loaded.config, context.env ?? process.env);
    const report = { ok: true, path: loaded.path ?? null, notes, config: shown };
    out.write(json ? `${JSON.stringify(report, null, 2)}\n` : successText(loaded, notes, out.isTTY));
    return 0;
  } catch (error) {
    if (!(error instanceof HoldcastError)) throw error;
    const finding = findingOf(error);
    out.write(
      json ? `${JSON.stringify({ ok: false, ...finding }, null, 2)}\n` : failureText(finding, out.isTTY),
    );
    return 1;
  }
}

function findingOf({ code, message, hint, cause }: HoldcastError): Finding {
  const problems = cause instanceof ConfigProblems ? cause.problems : [];
  return { code, message, ...(hint !== undefined && { hint }), problems };
}

function successText({ config, path }: LoadedConfig, notes: readonly string[], colour: boolean): string {
  const file = path ?? 'none found, using the defaults (copy config.example.ts to config.ts to change them)';
  const rows = [['Config', file] as const, ...summary(config)];
  const marked = notes.map((note) => `${paint('Note', 33, colour)}: ${note}\n`);
  const good = `${paint('OK', 32, colour)}: new calls use it at once, running calls keep theirs.\n`;
  return [labelled(rows), ...marked, good].join('');
}

function summary({ language, timeZone, program, media, stream, advice, keys, log }: ResolvedConfig) {
  const parts = Object.entries(advice.dayParts).map(
    ([part, window]) => `${part} ${window?.join('–') ?? 'never'}`,
  );
  const bound = Object.entries(keys).map(([digit, binding]) => `${digit} ${actionName(binding)}`);
  const { music, duck } = program;
  return [
    ['Language', `${language}, time zone ${timeZone ?? "the machine's"}`],
    ['Sound', `${program.rate} Hz, ${stream.leadMs} ms ahead`],
    ['Media', media.folder],
    ['Cache', media.cache],
    ['Music', `${music.order}, crossfade ${music.crossfadeMs} ms, ${duck.depthDb} dB down under speech`],
    [
      'Advice',
      `after ${program.advice.firstAfterMs / 1000} s, then every ${program.advice.everyMs / 1000} s`,
    ],
    ['Day', parts.join(', ') || 'no parts of the day'],
    ['Campaigns', advice.campaigns.map(({ match }) => match).join(', ') || 'none'],
    ['Keys', bound.join(', ') || 'none'],
    ['Log', `${log.level} to ${log.file ?? 'stderr'}`],
  ] as const;
}

function failureText({ code, message, hint, problems }: Finding, colour: boolean): string {
  const heading = problems.length > 0 ? message.split('\n')[0]! : message;
  const details = problems.flatMap(({ key, found, allowed }) => [
    `  ${paint(key, 1, colour)}`,
    `    found    ${found}`,
    `    allowed  ${allowed}`,
  ]);
  const advice = hint === undefined ? [] : [`What to do: ${hint}.`];
  return `${[`${paint('Error', 31, colour)}: ${heading} (${code})`, ...details, ...advice].join('\n')}\n`;
}

/** `text` in an ANSI colour where a person sees it. */
function paint(text: string, code: number, colour: boolean): string {
  return colour ? `\u001b[${code}m${text}\u001b[0m` : text;
}
