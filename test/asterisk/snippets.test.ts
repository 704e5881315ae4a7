// What is put into Asterisk's files: the same texts were loaded by real Asterisk 16 and 22 without a warning.
// A wrong line here would leave callers without keys, or Asterisk's manager open to everybody.
import { EVENT_CLASSES, EVENT_FILTER } from '../../src/asterisk/events';
import { includeLine, setupFiles, type Setup, type SetupFile } from '../../src/asterisk/snippets';

const SETUP: Setup = {
  program: '/usr/local/lib/holdcast/bin/holdcast',
  rate: 8000,
  listen: { host: '127.0.0.1', port: 8099 },
  ami: { host: '127.0.0.1', user: 'holdcast', secret: 'hush' },
  freepbx: false,
  etc: '/etc/asterisk',
  folder: '/etc/asterisk/holdcast',
};

function fileOf(name: string, change: Partial<Setup> = {}): SetupFile {
  const file = setupFiles({ ...SETUP, ...change }).find((candidate) => candidate.name === name);
  if (!file) throw new Error(`no ${name}`);
  return file;
}

/** The lines that Asterisk takes: no comments, no empty ones. */
function active(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
}

test('Asterisk asks the hub, and the second engine is there to be turned on', () => {
  const { text } = fileOf('extconfig.conf');
  expect(active(text)).toEqual([
    'musiconhold => curl,http://127.0.0.1:8099/realtime/musiconhold,musiconhold,1',
  ]);
  expect(text).toContain('\n;musiconhold => curl,file:///etc/asterisk/holdcast/fallback,musiconhold,2\n');
});

test('an IPv6 address stands in brackets', () => {
  const { text } = fileOf('extconfig.conf', { listen: { host: '::1', port: 9000 } });
  expect(active(text)).toEqual(['musiconhold => curl,http://[::1]:9000/realtime/musiconhold,musiconhold,1']);
});

test.each([
  ['a Unix socket', { path: '/run/holdcast/realtime.sock' }, /curl does not support Unix sockets/],
  ['a port that changes', { host: '127.0.0.1', port: 0 }, /set a fixed one/],
])('where the hub listens on %s, nothing is mapped that cannot work', (_, listen, why) => {
  const { text } = fileOf('extconfig.conf', { listen });
  expect(active(text)).toEqual([]);
  expect(text).toMatch(why);
});

test('files that go into a section have none of their own: Asterisk ignores a second one', () => {
  for (const file of setupFiles(SETUP).filter(({ into }) => into && /\[/.test(into.where)))
    expect(file.text).not.toMatch(/^\[/m);
});

test('the manager user has the rights that are needed, from this machine, and no others', () => {
  const { text, mode } = fileOf('manager.conf');
  expect(mode).toBe(0o640);
  expect(active(text)).toEqual([
    '[holdcast]',
    'secret=hush',
    'deny=0.0.0.0/0.0.0.0',
    'deny=::/0',
    'permit=127.0.0.1/255.255.255.255',
    'permit=::1/128',
    `read=${EVENT_CLASSES.join(',')}`,
    'write=reporting',
    'writetimeout=5000',
    `eventfilter=${EVENT_FILTER}`,
  ]);
});

test('a semicolon in the password does not begin a comment', () => {
  const { text } = fileOf('manager.conf', { ami: { ...SETUP.ami, secret: 'a;b;;c' } });
  expect(active(text)).toContain('secret=a\\;b\\;\\;c');
});

test('another machine is let in only when somebody has written its address', () => {
  const { text } = fileOf('manager.conf', { ami: { ...SETUP.ami, host: 'pbx.example' } });
  expect(active(text).filter((line) => /^(deny|permit)/.test(line))).toEqual([
    'deny=0.0.0.0/0.0.0.0',
    'deny=::/0',
  ]);
});

test.each([
  [8000, ''],
  [16000, '&format=slin16'],
  [48000, '&format=slin48'],
] as const)('the second engine starts the program without a call, at %d Hz', (rate, format) => {
  const [first] = fileOf('fallback/single', { rate }).text.split('\n');
  expect(first).toBe(
    `name=holdcast&mode=custom&application=%2Fusr%2Flocal%2Flib%2Fholdcast%2Fbin%2Fholdcast%20stream${format}`,
  );
});

test('FreePBX gets its own files, since it writes the others', () => {
  const into = setupFiles({ ...SETUP, freepbx: true }).flatMap((file) => file.into?.file ?? []);
  expect(into).toEqual([
    'extconfig_custom.conf',
    'manager_custom.conf',
    'extensions_custom.conf',
    'res_curl.conf',
  ]);
  expect(active(fileOf('extensions.conf', { freepbx: true }).text)).toContain(
    'exten => _X!,1,Set(VQ_MOH=hold-${UNIQUEID})',
  );
});

test('a file that goes away keeps no Asterisk from starting: it is tried, not included', () => {
  const file = fileOf('manager.conf');
  expect(includeLine(SETUP, file)).toBe('#tryinclude holdcast/manager.conf');
  expect(includeLine({ etc: '/etc/asterisk', folder: '/srv/x' }, file)).toBe(
    '#tryinclude /srv/x/manager.conf',
  );
});

test('an installation that Asterisk could not start is refused', () => {
  expect(() => setupFiles({ ...SETUP, program: '/opt/my programs/bin/holdcast' })).toThrow(/spaces/);
});
