// The SharedCatalog over a media folder that changes: what is in it, which keys stay, who can still read what has left.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGE_SAMPLES, type Page } from '../../src/pcm/page';
import { SharedCatalog } from '../../src/pcm/catalog';
import { PageCache } from '../../src/pcm/pageCache';
import { Library } from '../../src/media/library';
import { ManualClock } from '../../src/util/clock';
import { keptLog, put, rampAt, rampWav, settingsIn, ship, tempFolder } from '../media/fixtures';

const closing: PageCache[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((pages) => pages.close()));
});

/** A catalog of these files, shipped ready-made. */
function setUp(files: Record<string, number>) {
  const settings = settingsIn(tempFolder());
  const { log, lines } = keptLog();
  const library = new Library({ settings, log, readMode: 'ahead' });
  const pages = new PageCache({ limitBytes: 64 * 1024 * 1024, log });
  closing.push(pages);
  const clock = new ManualClock();
  const catalog = new SharedCatalog({ library, pages, log, clock });
  Object.entries(files).forEach(([id, samples], seed) => put(settings, id, rampWav(samples, 8000, seed)));
  const shipAll = (): void => ship(settings, Object.fromEntries(Object.keys(files).map((id) => [id, {}])));
  shipAll();
  const refresh = async () => {
    await library.scan();
    return catalog.refresh();
  };
  return { settings, library, pages, catalog, clock, lines, refresh, shipAll };
}

const firstOf = (samples: SharedArrayBuffer | undefined): number => new Int16Array(samples!)[0]!;

test('every clip is listed by name with what it is for, and its beginning', async () => {
  const { refresh } = setUp({
    'music/10.wav': 100,
    'music/9.wav': PAGE_SAMPLES + 5,
    'advices/first/welcome.en.wav': 50,
    'advices/last/bye.wav': 60,
    'prompts/en/position-3.wav': 70,
  });
  const clips = await refresh();
  const shown = clips.map(({ id, kind, shelf, language, name, samples }) => ({
    id,
    kind,
    shelf,
    language,
    name,
    samples,
  }));
  expect(shown.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
    { id: 'advices/first/welcome.en.wav', kind: 'advice', shelf: 'first', language: 'en', samples: 50 },
    { id: 'advices/last/bye.wav', kind: 'advice', shelf: 'last', samples: 60 },
    { id: 'music/10.wav', kind: 'music', samples: 100 },
    { id: 'music/9.wav', kind: 'music', samples: PAGE_SAMPLES + 5 },
    { id: 'prompts/en/position-3.wav', kind: 'prompt', language: 'en', name: 'position-3', samples: 70 },
  ]);
  const music = clips.filter(({ kind }) => kind === 'music');
  expect(music.map(({ id, head }) => [id, firstOf(head), head.byteLength])).toEqual([
    ['music/9.wav', rampAt(0, 1), 2 * PAGE_SAMPLES],
    ['music/10.wav', rampAt(0, 0), 200],
  ]);
});

test('a clip stays the same while its file does; a replaced one has another key, and the old one goes on for its readers', async () => {
  const { settings, catalog, refresh, shipAll, pages } = setUp({
    'music/a.wav': 2 * PAGE_SAMPLES,
    'music/b.wav': 3 * PAGE_SAMPLES,
  });
  const [a, b] = await refresh();
  const used = pages.usedBytes;
  expect(await refresh()).toEqual([a, b]);
  const next = join(settings.folder, 'music/.next');
  writeFileSync(next, rampWav(2 * PAGE_SAMPLES + 1, 8000, 77));
  renameSync(next, join(settings.folder, 'music/a.wav'));
  shipAll();
  const [replaced, same] = await refresh();
  expect(same).toBe(b);
  expect(replaced!.key).toBeGreaterThan(b!.key);
  expect(pages.usedBytes).toBe(used);
  expect(firstOf((await catalog.page(a!.key, 1)).samples)).toBe(rampAt(PAGE_SAMPLES, 0));
  expect(firstOf((await catalog.page(replaced!.key, 1)).samples)).toBe(rampAt(PAGE_SAMPLES, 77));
  expect(firstOf((await catalog.pageAt('music/a.wav', PAGE_SAMPLES))?.samples)).toBe(
    rampAt(PAGE_SAMPLES, 77),
  );
});

test('another library takes the place of the first: callers in the middle of a clip stay in it', async () => {
  const { catalog, refresh, pages } = setUp({ 'music/a.wav': 2 * PAGE_SAMPLES });
  const other = setUp({ 'music/a.wav': 3 * PAGE_SAMPLES });
  const [a] = await refresh();
  await other.refresh();
  catalog.use(other.library);
  const [b] = await catalog.refresh();
  expect([b!.samples, b!.key === a!.key]).toEqual([3 * PAGE_SAMPLES, false]);
  expect((await catalog.page(a!.key, 1)).samples).toBeDefined();
  expect(pages.usedBytes).toBe(4 * PAGE_SAMPLES);
});

test('of clips that left, those go on that are asked for each minute, however many left; the others are forgotten', async () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`music/${i}.wav`, 9]));
  const { catalog, refresh, clock } = setUp(many);
  const empty = setUp({ 'music/other.wav': 9 });
  const [heard, unheard] = await refresh();
  catalog.use(empty.library);
  expect(await catalog.refresh()).toEqual([]); // not scanned yet
  for (let round = 0; round < 3; round++) {
    clock.advance(59_000);
    expect((await catalog.page(heard!.key, 0)).samples).toBeDefined();
  }
  expect((await catalog.page(unheard!.key, 0)).samples).toBeUndefined();
  clock.advance(60_001);
  await catalog.refresh();
  expect((await catalog.page(heard!.key, 0)).samples).toBeUndefined();
});

test('of clips that left, ten thousand are remembered', async () => {
  const { log } = keptLog();
  let keys = 0;
  const forgotten: number[] = [];
  const pages = {
    nextKey: () => ++keys,
    head: () => Promise.resolve(new SharedArrayBuffer(2)),
    dropHead: () => {},
    forget: (key: number) => forgotten.push(key),
  } as unknown as PageCache;
  const library = {
    playable: Array.from({ length: 10_003 }, (_, id) => ({ id, purpose: { kind: 'music' } })),
  };
  const catalog = new SharedCatalog({
    library: library as unknown as Library,
    pages,
    log,
    clock: new ManualClock(),
  });
  await catalog.refresh();
  library.playable = [];
  await catalog.refresh();
  expect(forgotten).toEqual([1, 2, 3]);
});

test('a page that was not sent is held by nobody; what needs no giving back may be given back', async () => {
  const { catalog, refresh } = setUp({ 'music/a.wav': 2 * PAGE_SAMPLES });
  const [a] = await refresh();
  const page = await catalog.page(a!.key, 1);
  const resumed = await catalog.pageAt('music/a.wav', PAGE_SAMPLES);
  expect(Atomics.load(page.holds!, 0)).toBe(2);
  catalog.giveBack(page);
  catalog.giveBack(resumed!);
  catalog.giveBack({ key: a!.key, index: 0, samples: a!.head });
  catalog.giveBack({ key: a!.key, index: 9, samples: undefined });
  expect(Atomics.load(page.holds!, 0)).toBe(0);
});

test('a page is lent to a thread; where that is gone meanwhile, nobody holds it', async () => {
  const { catalog, refresh } = setUp({ 'music/a.wav': 2 * PAGE_SAMPLES });
  const [a] = await refresh();
  const wanted = { key: a!.key, index: 1 };
  const sent: Page[] = [];
  await catalog.lend(wanted, (page) => sent.push(page) > 0);
  expect(Atomics.load(sent[0]!.holds!, 0)).toBe(1);
  await catalog.lend(wanted, () => false);
  expect(Atomics.load(sent[0]!.holds!, 0)).toBe(1);
});

test('a clip whose beginning cannot be read is left out, told once, and tried again', async () => {
  const { settings, library, catalog, lines, refresh, shipAll } = setUp({
    'music/a.wav': 900,
    'music/b.wav': 900,
  });
  await library.scan();
  rmSync(join(settings.folder, 'music/a.wav'));
  expect((await catalog.refresh()).map(({ id }) => id)).toEqual(['music/b.wav']);
  expect((await catalog.refresh()).map(({ id }) => id)).toEqual(['music/b.wav']);
  expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  put(settings, 'music/a.wav', rampWav(900));
  shipAll();
  expect((await refresh()).map(({ id }) => id)).toEqual(['music/a.wav', 'music/b.wav']);
});

test('a page that there is not, or that cannot be read, comes without samples; the library looks at the file again', async () => {
  const { settings, library, catalog, refresh } = setUp({ 'music/a.wav': 2 * PAGE_SAMPLES });
  const [a] = await refresh();
  const { key } = a!;
  for (const [k, index] of [
    [key, 2],
    [key, -1],
    [key, 0.5],
    [key, NaN],
    [key + 1, 0],
  ] as const)
    expect((await catalog.page(k, index)).samples).toBeUndefined();
  put(settings, 'music/a.wav', rampWav(2 * PAGE_SAMPLES), 1_700_000_000_000);
  expect(await catalog.page(key, 1)).toEqual({ key, index: 1, samples: undefined });
  expect(library.music()[0]!.failed).toBe(true);
});

test('a page at hand already is not sent', async () => {
  const { catalog, refresh } = setUp({ 'music/a.wav': 2 * PAGE_SAMPLES });
  await refresh();
  expect(await catalog.pageAt('music/a.wav', PAGE_SAMPLES - 1)).toBeUndefined();
  expect(await catalog.pageAt('music/a.wav', 2 * PAGE_SAMPLES)).toBeUndefined();
  expect(await catalog.pageAt('music/none.wav', PAGE_SAMPLES)).toBeUndefined();
  expect((await catalog.pageAt('music/a.wav', 2 * PAGE_SAMPLES - 1))?.index).toBe(1);
});
