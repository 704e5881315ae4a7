// What the numbers of the old system mean: told by the order of the tracks, or by the operator, who may correct it.
// A number that the old system may write has its meaning before Holdcast gives numbers to tracks of its own.
import type { MigrateOptions, MigrateReport } from './adminPort';
import type { Queryable } from './pool';

/**
 * Writes what numbers mean, those that the operator has said first. A track has one number: callers of another number that means
 * the same get it.
 */
export async function writeMeanings(
  on: Queryable,
  { mapped }: Pick<MigrateReport, 'mapped'>,
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

/** By number. */
export async function tracksOf(on: Queryable): Promise<Map<number, string>> {
  const rows = await on.query('SELECT music_class, track FROM holdcast_track');
  return new Map(rows.map(({ music_class, track }) => [Number(music_class), String(track)]));
}
