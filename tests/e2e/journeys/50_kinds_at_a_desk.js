/* A session of each kind, from link to leaving: the therapist at a desk, the others by phone. */

import { eachKind } from '../kinds.js';

export const journey = (stage) => eachKind(stage, { therapist: 'desktop', others: 'phone' });
