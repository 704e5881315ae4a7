// The product installed by its own documentation: the commands of docs/install.md are run, its prose is followed, a caller
// waits, and `holdcast doctor` must have nothing to say. What the guide or the doctor gets wrong is red here.
import { includeLine, type SetupFile } from '../../src/asterisk/snippets';
import { Manager } from './lab/ami';
import { JUDGE, pjsipConf } from './lab/asteriskFiles';
import { Caller } from './lab/caller';
import { fromSources, Installation } from './lab/installation';
import { freePorts } from './lab/ports';
import { until } from './lab/wait';

/** Another way to install replaces this. */
const firstStep = fromSources;

interface Setup {
  readonly files: readonly (Pick<SetupFile, 'into' | 'optional'> & { path: string })[];
  readonly steps: readonly string[];
}

const machine = Installation.open();
const testInRoot = machine ? test : test.skip;
const closing: { close(): unknown }[] = [];
afterAll(async () => {
  for (const open of closing.reverse()) await open.close();
  await machine?.close();
});

/** A house that has a queue, and callers in it, before Holdcast comes. */
function settleIn({ write, edit }: Pick<Installation, 'write' | 'edit'>, sipPort: number): void {
  write('/etc/asterisk/pjsip.conf', pjsipConf(sipPort));
  write(
    '/etc/asterisk/extensions.conf',
    '[default]\nexten => queue-support,1,Answer()\n same => n,Queue(support)\n same => n,Hangup()\n',
  );
  edit('/etc/asterisk/queues.conf', (text) => `${text}\n[support]\nstrategy=ringall\njoinempty=yes\n`);
  edit(
    '/etc/asterisk/manager.conf',
    (text) => `${text}\n[${JUDGE.user}]\nsecret=${JUDGE.secret}\nread=all\nwrite=all\n`,
  );
}

/** Puts a line where the guide says: "below [settings]", "as the last line of [general]", "… of each queue …", "at its end". */
function placed(text: string, where: string, line: string): string {
  const section = /\beach queue\b/.test(where) ? 'support' : /\[(\w+)\]/.exec(where)?.[1];
  if (section === undefined) return `${text}\n${line}\n`;
  return text.replace(new RegExp(`^\\[${section}\\].*$`, 'm'), (heading) => `${heading}\n${line}`);
}

/** Section 4: the files, the lines that include them, the password. */
function connect(house: Installation): void {
  house.follow("4. Asterisk's files");
  const setup = JSON.parse(
    house.run('holdcast', 'asterisk', '--write', '/etc/asterisk/holdcast', '--json'),
  ) as Setup;
  const etc = '/etc/asterisk';
  for (const { path, into } of setup.files) {
    if (!into) continue;
    const line = includeLine({ etc, folder: `${etc}/holdcast` }, {
      name: path.slice(`${etc}/holdcast/`.length),
    } as SetupFile);
    expect(setup.steps.join('\n')).toContain(line);
    house.edit(`${etc}/${into.file}`, (text) => placed(text, into.where, line));
  }
  const [, secret = ''] = /^\s*(HOLDCAST_AMI_SECRET=\S+)$/m.exec(setup.steps.join('\n')) ?? [];
  house.write('/etc/holdcast/environment', `${secret}\n`);
  house.run('chmod', '0600', '/etc/holdcast/environment');
  house.edit(`${etc}/extensions.conf`, (text) =>
    text.replace(
      ' same => n,Queue(',
      ' same => n,Set(CHANNEL(musicclass)=hold-${UNIQUEID})\n same => n,Queue(',
    ),
  );
}

testInRoot('installed as docs/install.md says, callers hear it and the doctor finds all well', async () => {
  const house = machine!;
  const [sipPort] = (await freePorts(1)) as [number];
  settleIn({ write: (...given) => house.write(...given), edit: (...given) => house.edit(...given) }, sipPort);
  house.follow('1. Node.js that Asterisk can run', '/');
  firstStep(house);
  house.follow('3. Config and folders');
  house.edit('/etc/holdcast/config.ts', (text) =>
    text.replace('process.env.HOLDCAST_LOG,', "'/var/log/holdcast/holdcast.log',"),
  );
  connect(house);
  house.startAsterisk();
  let manager!: Manager;
  await until(
    () => 'Asterisk to let the judge in',
    async () => {
      const login = await Manager.login(5038, JUDGE.user, JUDGE.secret).catch(() => undefined);
      if (login) manager = login;
      return login !== undefined;
    },
    60_000,
  );
  closing.push(manager);
  await manager.event({ Event: 'FullyBooted' }, 60_000);
  house.follow('5. The hub');
  expect(house.read('/run/systemctl.asked')).toContain('enable --now holdcast-hub');
  house.startHub();
  const log = (): string => house.read('/var/log/holdcast/holdcast.log');
  await until(
    () => `the hub to be ready and connected: ${log()}`,
    () => log().includes('"hub ready"') && log().includes('"ami connected"'),
    30_000,
  );

  const caller = await Caller.dial(manager, sipPort, { queue: 'support', phone: '600' });
  closing.push(caller);
  await caller.ear.hear(3000);
  const loudest = caller.ear.samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  expect(loudest).toBeGreaterThan(500);

  const said = log();
  const { code, output } = house.try('sudo', 'holdcast', 'doctor', '--json');
  const { checks } = JSON.parse(output) as { checks: { check: string; result: string }[] };
  expect(checks.filter(({ result }) => result !== 'ok')).toEqual([]);
  expect([code, checks.length > 20]).toEqual([0, true]);
  // Nor does the hub complain of having been asked.
  expect(log().slice(said.length)).not.toMatch(/"level":"(warn|error)"|doctor/);
  await caller.hangUp();
});
