// An operator's own function on a key, in the process of its call.
// Would catch: a function that hangs, throws or goes on after its end and is heard, or takes the process down.
import { keyFunctionContract } from '../support/keyFunctionContract';

keyFunctionContract((keys) => keys);
