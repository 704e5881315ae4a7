// Tables of the media commands: what was prepared, what is there. Only text; a terminal gives the width.
import type { PrepareOutcome } from '../media/outcome';
import { textTable } from '../util/textTable';

/** 83 250 → "1:23.3"; undefined → "—". */
export function lengthText(durationMs: number | undefined): string {
  if (durationMs === undefined) return '—';
  const tenths = Math.round(durationMs / 100);
  const seconds = (tenths % 600) / 10;
  return `${Math.floor(tenths / 600)}:${seconds.toFixed(1).padStart(4, '0')}`;
}

/** One decimal; "—" for what is not known (records keep it as null). */
function levelText(level: number | null | undefined): string {
  return level === undefined || level === null || !Number.isFinite(level) ? '—' : level.toFixed(1);
}

function noteOf(outcome: PrepareOutcome): string {
  const { problem } = outcome;
  if (problem) return problem.hint ? `${problem.message}. ${problem.hint}` : problem.message;
  if (outcome.status === 'arriving') return 'still changing: run this again';
  return { prepared: '', already: 'already prepared', shipped: 'shipped ready to play' }[
    outcome.status as 'prepared'
  ];
}

/** The table of `media prepare`. */
export function prepareTable(outcomes: readonly PrepareOutcome[]): string {
  const head = ['file', 'length', 'LUFS before', '→ after', 'peak dBTP', 'licence', 'problem or note'];
  const inOrder = outcomes.filter((outcome) => !isGoodWord(outcome)).map(rowOf);
  const packs = new Set(outcomes.filter(isGoodWord).map(({ words }) => words!));
  const folded = [...packs].map((pack) =>
    packRow(
      pack,
      outcomes.filter((o) => o.words === pack),
    ),
  );
  return textTable([...inOrder, ...folded], { head, right: [1, 2, 3, 4] });
}

function rowOf(outcome: PrepareOutcome): string[] {
  return [
    outcome.id,
    lengthText(outcome.durationMs),
    levelText(outcome.loudnessBefore),
    levelText(outcome.loudnessAfter),
    levelText(outcome.peakDb),
    outcome.licence ?? '—',
    noteOf(outcome),
  ];
}

/** A voice has hundreds of words: a row of its own is only for one with which something is wrong. */
function isGoodWord({ words, status }: PrepareOutcome): boolean {
  return words !== undefined && status !== 'problem' && status !== 'arriving';
}

function packRow(pack: string, outcomes: readonly PrepareOutcome[]): string[] {
  const good = outcomes.filter(isGoodWord);
  const lengthMs = good.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  const licences = new Set(good.map(({ licence }) => licence ?? '—'));
  const made = good.filter(({ status }) => status === 'prepared').length;
  const note = `${good.length} words, ${made} of them prepared now`;
  const licence = licences.size === 1 ? [...licences].join() : 'several';
  return [`${pack}/`, lengthText(lengthMs), '—', '—', '—', licence, note];
}
