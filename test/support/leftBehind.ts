// After each test file: what would change the files that follow in the same worker is as it was.
// Would catch: a command under test that lowers the priority of its process; every later test then runs at it.
import { getPriority } from 'node:os';

const state = () => ({ priority: getPriority(), folder: process.cwd() });
const before = state();

afterAll(() => expect(state()).toEqual(before));
