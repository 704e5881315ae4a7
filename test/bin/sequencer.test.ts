// test/support/sequencer.cjs: files that wait stand between those that compute, and none is lost.
import { join } from 'node:path';

interface Placed {
  path: string;
  context: object;
}
type Sorts = new (options: object) => { sort(tests: Placed[]): Placed[] };
// eslint-disable-next-line @typescript-eslint/no-require-imports
const WaitingBetween = require(join(__dirname, '../support/sequencer.cjs')) as Sorts;

const size = (path: string): number => Number(/(\d+)\.test\.ts$/.exec(path)![1]);
const context = {
  config: { id: 'none', cacheDirectory: '/nowhere', haste: {}, projects: [] },
  hasteFS: { getSize: size },
};

test('a waiting file, two others, and so on, the largest of each first where no times are known', () => {
  const waiting = ['/a/test/stream/1.test.ts', '/a/test/stream/7.test.ts', '/a/test/store/mysql5.test.ts'];
  const working = [3, 9, 4, 8, 2].map((n) => `/a/test/media/${n}.test.ts`);
  const sequencer = new WaitingBetween({ contexts: [], globalConfig: {} });
  const sorted = sequencer.sort([...waiting, ...working].map((path) => ({ path, context })));
  expect(sorted.map(({ path }) => path.split('/').slice(-2).join('/').replace('.test.ts', ''))).toEqual([
    ...['stream/7', 'media/9', 'media/8', 'store/mysql5', 'media/4', 'media/3', 'stream/1', 'media/2'],
  ]);
});
