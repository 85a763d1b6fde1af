/* index.js - the Kinroom client: all that is public of it. README.md beside it shows how to use it; index.d.ts has the types. */

export { capture } from './capture.js';
export { CAMERA_SIZE, SOURCES } from './media.js';
export { forgetLink, isLink, linkFrom, takeLink } from './link.js';
export { Refused } from './refused.js';
export { Session } from './session.js';
export { loadText } from './texts.js';
