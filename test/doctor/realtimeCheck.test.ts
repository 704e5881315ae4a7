// Whether Asterisk asks the hub for its music classes: extconfig.conf, modules, its console.
// Each mistake is made once, and must be found and named.
import { realtimeChecks } from '../../src/doctor/realtimeCheck';
import { PROGRAM, READER, configured, siteWith, told } from './doctorSite';

describe('whether Asterisk asks the hub', () => {
  const config = configured({ hub: { listen: '127.0.0.1:8099' } });
  const extconfig = async (text: string | undefined): Promise<string | undefined> => {
    const files = text === undefined ? {} : { 'extconfig.conf': text };
    return (await told(realtimeChecks(siteWith({ config, files })))).find((line) =>
      line.startsWith('extconfig'),
    );
  };

  test.each([
    [
      '[settings]\nmusiconhold => curl,http://127.0.0.1:8099/realtime/musiconhold\n',
      /: ok: the hub is asked/,
    ],
    ['[settings]\nmusiconhold => curl,http://localhost:8099/x,moh,1\n', /: ok: the hub is asked/],
    [
      '[settings]\nmusiconhold => curl,file:///x,moh,2\nmusiconhold => curl,http://127.0.0.1:8099/x,moh,1\n',
      /: ok: the hub is asked/,
    ],
    ['[settings]\nmusiconhold => curl,http://127.0.0.1:8080/x\n', /: problem: .*the hub answers on .*8099/],
    ['[settings]\nmusiconhold => odbc,asterisk\n', /: ok: odbc,asterisk is asked first/],
    ['[settings]\n[settings]\nmusiconhold => curl,http://127.0.0.1:8099/x\n', /: problem: .*is not mapped/],
    [undefined, /: problem: there is no .*extconfig\.conf/],
  ])('%j', async (text, expected) => {
    expect(await extconfig(text)).toMatch(expected);
  });

  test('its console tells of the module and of the whole way', async () => {
    const answers = new Map([
      ['module show like res_config_curl', 'res_config_curl.so   Realtime Curl   0   Running   core\n'],
      [
        'realtime load musiconhold name hold-doctor.1',
        `  application  ${READER} ${config.config!.hub.folder} doctor.1\n`,
      ],
    ]);
    const site = siteWith({ config, console: (command) => Promise.resolve(answers.get(command)) });
    const texts = await told(realtimeChecks(site));
    expect([texts[0], texts[2]]).toEqual([
      'res_config_curl: ok: loaded',
      'class for each call: ok: Asterisk gets one from the hub',
    ]);
    answers.set('module show like res_config_curl', '0 modules loaded\n');
    answers.set('realtime load musiconhold name hold-doctor.1', `  application  ${PROGRAM} stream\n`);
    const broken = await told(realtimeChecks(site));
    expect(broken[0]).toMatch(/: problem: the module is not loaded/);
    expect(broken[2]).toMatch(/: problem: .*second engine/);
    answers.set('realtime load musiconhold name hold-doctor.1', 'No rows found matching search criteria.\n');
    expect((await told(realtimeChecks(site)))[2]).toMatch(/: problem: Asterisk gets none/);
  });

  test('without the console it says that it cannot tell', async () => {
    const [text] = await told(realtimeChecks(siteWith({ config })));
    expect(text).toMatch(/not checked: cannot tell/);
  });
});
