// The units of systemd as they are shipped: they must agree with the config's defaults, and keep what was found out by trying.
// How they behave was tried on systemd 252 (docs/benchmarks.md).
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveConfig } from '../../src/config/defaults';
import { addressOf } from '../../src/util/http/listening';
import { tempFolder } from '../hub/fixtures';

const unit = (name: string): Map<string, string> =>
  new Map(
    readFileSync(join(__dirname, '../../packaging/systemd', name), 'utf8')
      .split('\n')
      .flatMap((line) =>
        /^\w+=/.test(line) ? [[line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)] as const] : [],
      ),
  );
const [service, socket, timer] = ['service', 'socket', 'timer'].map((kind) =>
  unit(`holdcast-hub.${kind}`),
) as [Map<string, string>, Map<string, string>, Map<string, string>];

test('systemd holds the address on which the hub listens by default', () => {
  const { hub } = resolveConfig({}, { configDir: '/', env: {} });
  expect(socket.get('ListenStream')).toBe(addressOf(hub.listen));
  expect(socket.get('Accept')).toBe('no');
});

test('the socket lives as long as the service is wanted, over restarts and crashes; the timer ends with it', () => {
  expect(service.get('Requires')).toBe('holdcast-hub.socket');
  expect(service.get('Wants')).toBe('holdcast-hub.timer');
  expect(socket.get('StopWhenUnneeded')).toBe('yes');
  // Wanted by a target it would be needed for ever; PartOf= would close it at each restart, PropagatesStopTo= at each crash.
  for (const name of ['WantedBy', 'PartOf']) expect(socket.get(name)).toBeUndefined();
  expect(service.get('PropagatesStopTo')).toBeUndefined();
  expect(timer.get('PartOf')).toBe('holdcast-hub.service');
});

test('a hub that cannot be started is given up before a caller has waited 2 s, and tried again', () => {
  expect(service.get('RestartSec')).toBe('100ms');
  expect(Number(service.get('StartLimitBurst'))).toBeLessThanOrEqual(4);
  expect(timer.get('OnCalendar')).toBe(`*:*:0/${service.get('StartLimitIntervalSec')}`);
});

test('what the service may not see and must not leave behind', () => {
  const wanted = {
    LimitCORE: '0',
    UMask: '0077',
    ProtectHome: 'yes',
    ProtectClock: 'yes',
    ProtectProc: 'invisible',
  };
  for (const [name, value] of Object.entries(wanted))
    expect([name, service.get(name)]).toEqual([name, value]);
  expect(service.get('RemoveIPC')).toBeUndefined();
});

const withAnalyze = existsSync('/usr/bin/systemd-analyze') ? test : test.skip;

withAnalyze('the unit that is shipped is one that systemd understands', () => {
  const units = join(__dirname, '../../packaging/systemd');
  const copies = tempFolder();
  cpSync(units, copies, { recursive: true });
  const copy = join(copies, 'holdcast-hub.service');
  // What it is to run need not be installed here.
  const text = readFileSync(copy, 'utf8').replaceAll('/usr/local/bin/holdcast', '/bin/true');
  writeFileSync(copy, text);
  const said = execFileSync('/bin/sh', ['-c', `systemd-analyze verify --man=no ${copy} 2>&1 || true`], {
    encoding: 'utf8',
  });
  expect(said.split('\n').filter((line) => line.includes('holdcast-hub'))).toEqual([]);
  for (const line of ['Type=notify', 'NotifyAccess=main', 'ExecReload=/bin/kill -HUP $MAINPID'])
    expect(text).toContain(`\n${line}\n`);
  expect(text).toMatch(/^RuntimeDirectoryPreserve=(yes|restart)$/m);
  expect(text).toMatch(/^WatchdogSec=\d+$/m);
});

test('the hub is granted real-time priority above that of Asterisk, and nothing else of the unit forbids it', () => {
  expect(service.get('LimitRTPRIO')).toBe('11');
  expect(service.get('RestrictRealtime') ?? 'no').toBe('no');
});
