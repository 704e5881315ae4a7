// Media: a folder without music, a file that Asterisk's user may not read.
// Each mistake is made once, and must be found and named.
import { join } from 'node:path';
import { mediaChecks } from '../../src/doctor/mediaCheck';
import { folder, put, configured, siteWith, told } from './doctorSite';

describe('media', () => {
  test('a folder without music, and a file that Asterisk’s user may not read', async () => {
    const top = folder();
    const file = put(join(top, 'music/a.mp3'), 'x', 0o600);
    const config = configured({ media: { folder: top } });
    const texts = await told(mediaChecks(siteWith({ config })));
    expect(texts).toContain(
      `media: problem: 0 pieces of music, 0 advices, 0 prompts in ${top}; callers hear no music: none of its files can be played`,
    );
    expect(texts).toContain(`media for Asterisk: problem: ${file} may not be read by asterisk`);
    expect(texts.find((text) => text.startsWith('media files: warning: music/a.mp3'))).toBeDefined();
  });
});
