// Asterisk's configuration files, read as Asterisk reads them: comments, templates, includes.
// A line that is read otherwise would be a finding about nothing, or none about a mistake.
import { join } from 'node:path';
import { readConf, valueOf } from '../../src/doctor/confFile';
import { folder, put } from './doctorSite';

describe('Asterisk’s files are read as Asterisk reads them', () => {
  async function read(files: Record<string, string>) {
    const etc = folder();
    for (const [name, content] of Object.entries(files)) put(join(etc, name), content);
    const conf = await readConf(etc, 'a.conf');
    const sections = conf.sections.map(({ name, lines }) => [name, lines.map((l) => `${l.name}=${l.value}`)]);
    return { sections, gaps: conf.gaps, conf };
  }

  test('comments, also in blocks that are nested, and semicolons that are none', async () => {
    const { sections } = await read({
      'a.conf': [
        '[x] ; a section',
        'a = 1 ; one',
        ';b = 2',
        'c => x\\;y',
        ';-- d=1',
        ';-- e=1 --; f=1',
        '--; g = 3',
        ';--- h=1',
        'i=4 ;-- j --;',
      ].join('\n'),
    });
    expect(sections).toEqual([['x', ['a=1', 'c=x;y', 'g=3', 'i=4']]]);
  });

  test('templates give their lines, and what is added comes behind', async () => {
    const { conf, sections } = await read({
      'a.conf': '[t](!)\na=1\nb=1\n[x](t)\nb=2\n[x](+)\nc=3\n[x]\nd=4\n',
    });
    expect(sections.slice(1)).toEqual([
      ['x', ['a=1', 'b=1', 'b=2', 'c=3']],
      ['x', ['d=4']],
    ]);
    expect([conf.sections[0]!.template, valueOf(conf.sections[1], 'B')?.value]).toEqual([true, '2']);
  });

  test('an included file goes on in the section in which it is included', async () => {
    const { sections, gaps } = await read({
      'a.conf': '[x]\n#include "sub/*.conf"\n#tryinclude <none.conf>\nz=9\n#include ./a2.conf\n',
      'sub/1.conf': 'a=1\n',
      'sub/2.conf': 'b=2\n[y]\n',
      'a2.conf': 'c=3\n',
    });
    expect(sections).toEqual([
      ['x', ['a=1', 'b=2']],
      ['y', ['z=9', 'c=3']],
    ]);
    expect(gaps).toEqual([]);
  });

  test('what cannot be followed is named: a missing file, a loop, a program', async () => {
    const { gaps } = await read({
      'a.conf': '[x]\n#include none.conf\n#exec /bin/x\n[y](+)\n#include loop.conf\n',
      'loop.conf': '#include loop.conf\n',
    });
    expect(gaps).toEqual([
      expect.stringMatching(/none\.conf: ENOENT$/),
      expect.stringMatching(/#exec is not followed$/),
      expect.stringMatching(/\[y\]\(\+\) adds to a section that is not there$/),
      'loop.conf: includes are nested too deeply',
    ]);
  });
});
