/* A session of each kind, from link to leaving: the therapist by phone, the others at a desk. */

import { eachKind } from '../kinds.js';

export const journey = (stage) => eachKind(stage, { therapist: 'phone', others: 'desktop' });
