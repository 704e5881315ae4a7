// Whose environment the doctor starts programs with.
// Asterisk's is used by nobody but its own user, and never by root.
import { environmentFor } from '../../src/doctor/site';
import { isRoot } from '../support/otherUser';
import { ASTERISK } from './doctorSite';

test('its environment is used by nobody but its own user, and never by root', () => {
  const asterisk = { env: { FFMPEG_PATH: '/tmp/evil' }, known: true };
  expect(environmentFor({ asterisk, account: ASTERISK })).not.toHaveProperty('FFMPEG_PATH');
  const own = { ...ASTERISK, uid: process.getuid!() };
  expect('FFMPEG_PATH' in environmentFor({ asterisk, account: own })).toBe(!isRoot);
});
