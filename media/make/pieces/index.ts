// The three pieces that Holdcast ships, in the order in which they are listed.
// A new piece is a file beside this one and a line here.
import type { Piece } from '../compose';
import { firstLight } from './first-light';
import { harbourEvening } from './harbour-evening';
import { willowRoad } from './willow-road';

export const pieces: readonly Piece[] = [firstLight, willowRoad, harbourEvening];
