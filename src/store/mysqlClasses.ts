// What the numbers of the old system mean: told by the order of the tracks, or by the operator, who may correct it.
// A number that the old system may write has its meaning before Holdcast gives numbers to tracks of its own.
import { meaningOf, type MigrateOptions, type MigrateReport } from './adminPort';
import { usedClasses } from './mysqlStore';
import type { Queryable } from './pool';

export type Meanings = Pick<MigrateReport, 'mapped' | 'unmapped' | 'unchanged'> & {
  readonly choices: number;
};

interface State {
  readonly known: ReadonlyMap<number, string>;
  readonly used: readonly { musicClass: number; callers: number }[];
}

/**
 * What follows from `options`; changes nothing.
 * @param isOld the old system's table was there before ours: all that it may write gets its meaning, used or not
 * @throws HoldcastError HC_STORE_REFUSED
 */
export function meanings({ known, used }: State, options: MigrateOptions, isOld: boolean): Meanings {
  const callersOf = new Map(used.map(({ musicClass, callers }) => [musicClass, callers]));
  const given = Object.keys(options.classes ?? {}).map(Number);
  const all = isOld ? options.tracks.map((_, at) => at + 1) : [];
  const mapped: MigrateReport['mapped'][number][] = [];
  const unmapped: MigrateReport['unmapped'][number][] = [];
  const unchanged: number[] = [];
  for (const musicClass of [...new Set([...given, ...callersOf.keys(), ...all])].sort((a, b) => a - b)) {
    const callers = callersOf.get(musicClass) ?? 0;
    const before = known.get(musicClass);
    const isGiven = given.includes(musicClass);
    if (before !== undefined && !isGiven) continue;
    const track = meaningOf(musicClass, options);
    if (track === undefined) unmapped.push({ musicClass, callers });
    else if (track === before) unchanged.push(musicClass);
    else mapped.push({ musicClass, track, callers, ...(before !== undefined && { before }) });
  }
  return { choices: used.reduce((sum, { callers }) => sum + callers, 0), mapped, unmapped, unchanged };
}

/**
 * Writes them, those that the operator has said first. A track has one number: callers of another number that means
 * the same get it.
 */
export async function writeMeanings(
  on: Queryable,
  { mapped }: Pick<Meanings, 'mapped'>,
  { classes = {} }: MigrateOptions,
): Promise<void> {
  const isGiven = ({ musicClass }: { musicClass: number }): boolean => classes[musicClass] !== undefined;
  const given = mapped.filter(isGiven);
  // Two that are exchanged must not be in each other's way.
  for (const { musicClass } of given)
    await on.run('DELETE FROM holdcast_track WHERE music_class = ?', [musicClass]);
  const named = new Set(Object.keys(classes).map(Number));
  for (const { musicClass, track } of given) await renumber(on, musicClass, track, named);
  for (const one of mapped.filter((other) => !isGiven(other))) await merge(on, one.musicClass, one.track);
}

/** `track` has this number from now on, unless the operator gives it another as well. */
async function renumber(
  on: Queryable,
  musicClass: number,
  track: string,
  named: ReadonlySet<number>,
): Promise<void> {
  const [row] = await on.query('SELECT music_class FROM holdcast_track WHERE track = ?', [track]);
  const number = Number(row?.['music_class']);
  if (row && !named.has(number)) {
    await on.run('UPDATE queue_music SET music_class = ? WHERE music_class = ?', [musicClass, number]);
    await on.run('DELETE FROM holdcast_track WHERE music_class = ?', [number]);
  }
  await merge(on, musicClass, track);
}

async function merge(on: Queryable, musicClass: number, track: string): Promise<void> {
  await on.run('INSERT IGNORE INTO holdcast_track (music_class, track) VALUES (?, ?)', [musicClass, track]);
  const [row] = await on.query('SELECT music_class FROM holdcast_track WHERE track = ?', [track]);
  const number = Number(row?.['music_class']);
  if (row && number !== musicClass)
    await on.run('UPDATE queue_music SET music_class = ? WHERE music_class = ?', [number, musicClass]);
}

/** What is there now; a table that is not there yet has nothing. @param tables that are there */
export async function stateOf(on: Queryable, tables: ReadonlySet<string>): Promise<State> {
  return {
    known: tables.has('holdcast_track') ? await tracksOf(on) : new Map(),
    used: tables.has('queue_music') ? await usedClasses(on) : [],
  };
}

/** By number. */
export async function tracksOf(on: Queryable): Promise<Map<number, string>> {
  const rows = await on.query('SELECT music_class, track FROM holdcast_track');
  return new Map(rows.map(({ music_class, track }) => [Number(music_class), String(track)]));
}
