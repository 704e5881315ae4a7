// What `holdcast store` can do with a store: the port that both stores fill in.
// Apart from admin.ts, which loads them, so that imports run one way.
import { errorFields } from '../util/errors';
import { isTrackId, recordOf, type Fields, type StoreRecord } from './rows';
import { refused, type Store } from './store';

export interface MigrateOptions {
  /** Track ids in order of name: number n of the old system is the n-th, where `classes` says nothing else. */
  readonly tracks: readonly string[];
  /** What a number of the old system means, by the operator: number → track id. Corrects what it means already. */
  readonly classes?: Readonly<Record<number, string>>;
  /** Nothing is changed; the report says what would be. */
  readonly dryRun?: boolean;
}

export interface MigrateReport {
  /** Migrations that were applied (or would be), by name; none when the schema is new already. */
  readonly applied: readonly string[];
  /** Callers' choices that are kept. */
  readonly choices: number;
  /** Numbers of the old system that mean a track from now on. */
  readonly mapped: readonly {
    readonly musicClass: number;
    readonly track: string;
    readonly callers: number;
    /** What it meant before; absent: nothing. */
    readonly before?: string;
  }[];
  /** Numbers that were named in `classes` and mean that already, or that nobody has. */
  readonly unchanged: readonly number[];
  /** Numbers of which nobody knows what they mean: those callers' choices are kept, and not played. */
  readonly unmapped: readonly { readonly musicClass: number; readonly callers: number }[];
}

/** As a line of `doctor`. */
export interface StoreFinding {
  readonly result: 'ok' | 'warning' | 'problem';
  /** "schema", "rights": what was looked at. */
  readonly name: string;
  /** What was found, without a full stop. */
  readonly found: string;
  readonly todo?: string;
}

export interface ImportReport {
  readonly choices: number;
  readonly heard: number;
  readonly keys: number;
}

/** One for each kind of store. */
export interface StoreAdmin extends Store {
  /**
   * Makes or renews the tables, and finds out what the numbers of an old system mean. May be run again at any time,
   * by several at once, and after it was interrupted.
   * @throws HoldcastError HC_STORE_AWAY, HC_STORE_REFUSED (rights, a track that is named twice, a newer schema)
   */
  migrate(options: MigrateOptions): Promise<MigrateReport>;
  /** Whether it can be reached and written to, and what is in it. Never rejects: what fails is a finding. */
  check(): Promise<StoreFinding[]>;
  records(): AsyncIterable<StoreRecord>;
  /** All of them or none. */
  put(records: readonly StoreRecord[]): Promise<void>;
}

/** A number that callers have, and how many callers. */
export interface UsedClass {
  readonly musicClass: number;
  readonly callers: number;
}

export const usedClass = ({ music_class, callers }: Fields): UsedClass => ({
  ...{ musicClass: Number(music_class), callers: Number(callers) },
});

/**
 * What numbers of the old system mean from now on; changes nothing.
 * @param known what numbers mean so far
 * @param more numbers that nobody need have, and that get their meaning all the same
 * @throws HoldcastError HC_STORE_REFUSED
 */
export function meanings(
  known: ReadonlyMap<number, string>,
  used: readonly UsedClass[],
  { tracks, classes = {} }: MigrateOptions,
  more: readonly number[] = [],
): Omit<MigrateReport, 'applied' | 'choices'> {
  const callersOf = new Map(used.map(({ musicClass, callers }) => [musicClass, callers]));
  const mapped: MigrateReport['mapped'][number][] = [];
  const unmapped: UsedClass[] = [];
  for (const musicClass of [...new Set([...callersOf.keys(), ...more])].sort((a, b) => a - b)) {
    const callers = callersOf.get(musicClass) ?? 0;
    const before = known.get(musicClass);
    if (before !== undefined && classes[musicClass] === undefined) continue;
    const track = (classes[musicClass] ?? tracks[musicClass - 1])?.normalize('NFC');
    if (track !== undefined && !isTrackId(track))
      throw refused(`music class ${musicClass} means no right track id`);
    if (track === undefined) unmapped.push({ musicClass, callers });
    else if (track !== before)
      mapped.push({ musicClass, track, callers, ...(before !== undefined && { before }) });
  }
  const isMapped = (number: number): boolean => mapped.some(({ musicClass }) => musicClass === number);
  const unchanged = Object.keys(classes).map(Number);
  return { mapped, unmapped, unchanged: unchanged.filter((number) => !isMapped(number)) };
}

export const ok = (name: string, found: string): StoreFinding => ({ result: 'ok', name, found });
export const warning = (name: string, found: string, todo: string): StoreFinding => ({
  ...{ result: 'warning', name, found, todo },
});
export const problem = (name: string, found: string, todo?: string): StoreFinding => ({
  ...{ result: 'problem', name, found },
  ...(todo !== undefined && { todo }),
});

/** What each look finds, up to the first problem; one that throws has found one. Never rejects. */
export async function findingsOf(
  ...looks: (() => Promise<readonly StoreFinding[]> | readonly StoreFinding[])[]
): Promise<StoreFinding[]> {
  const found: StoreFinding[] = [];
  for (const look of looks) {
    try {
      found.push(...(await look()));
    } catch (thrown) {
      const { error, hint } = errorFields(thrown);
      found.push(problem('store', error, hint));
    }
    if (found.some(({ result }) => result === 'problem')) break;
  }
  return found;
}

/** Numbers of which nobody knows the track, as a line for the operator; no line when there are none. */
export function unmappedFinding(unmapped: readonly UsedClass[]): StoreFinding[] {
  if (unmapped.length === 0) return [];
  const callers = unmapped.reduce((sum, one) => sum + one.callers, 0);
  const numbers = unmapped.map(({ musicClass }) => musicClass).join(', ');
  const todo = 'say what they mean: `holdcast store migrate --class <number>=<track>`';
  return [warning('choices', `no track is known for music class ${numbers} (${callers} callers)`, todo)];
}

/** Rows that are read at once. */
const PAGE = 1000;

type Query = (sql: string, values: readonly string[]) => Promise<readonly Fields[]>;

/** Everything that a store has. @param choices the SELECT of callers' choices up to its WHERE, and the column of their numbers */
export async function* recordsOf(
  query: Query,
  choices: (which: 'IS NULL' | 'IS NOT NULL') => string,
  src: string,
): AsyncGenerator<StoreRecord> {
  // Numbers first: a store that gives numbers to tracks must know which ones are taken.
  yield* paged(query, 'holdcast_choice', [src], choices('IS NULL'));
  yield* paged(query, 'holdcast_choice', [src], choices('IS NOT NULL'));
  yield* paged(query, 'holdcast_heard', ['uniqueid', 'at_ms', 'kind', 'item']);
  yield* paged(query, 'holdcast_key', ['uniqueid', 'at_ms', 'digit', 'action']);
}

/**
 * All rows in the order of their key, page by page: more may be written meanwhile.
 * @param key columns, of which the first has an index; "q.src" where several tables have one of that name
 * @param select up to its WHERE and what stands there
 */
async function* paged(
  query: Query,
  table: string,
  key: readonly string[],
  select = `SELECT * FROM ${table} WHERE TRUE`,
): AsyncGenerator<StoreRecord> {
  const columns = key.join(', ');
  const after = ` AND ${key[0]} >= ? AND (${columns}) > (${key.map(() => '?').join(', ')})`;
  for (let last: string[] | undefined; ;) {
    const sql = `${select}${last ? after : ''} ORDER BY ${columns} LIMIT ${PAGE}`;
    const rows = await query(sql, last ? [last[0]!, ...last] : []);
    for (const row of rows) yield recordOf(table, row);
    const end = rows.length === PAGE ? rows.at(-1) : undefined;
    if (!end) return;
    last = key.map((column) => String(end[column.replace(/^.*\./, '')]));
  }
}
