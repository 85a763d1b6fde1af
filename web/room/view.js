/* view.js - how this reader likes to see the session. What is a lasting taste is kept in the browser; what hides something is not, so that nobody
 * wonders next time where it went. */

import { keep, kept } from '../common/kept.js';

const CORNERS = ['bottom_right', 'bottom_left', 'top_left', 'top_right'];
const LAYOUTS = ['grid', 'speaker'];

const STORED = { layout: 'kinroom.layout', corner: 'kinroom.corner', keys: 'kinroom.keys' };

const stored = (name, allowed) => (allowed.includes(kept(STORED[name])) ? kept(STORED[name]) : allowed[0]);

class View {
    layout = stored('layout', LAYOUTS); /* all alike, or who speaks larger */
    corner = stored('corner', CORNERS); /* of my own small picture */
    hasKeys = stored('keys', ['yes', 'no']) === 'yes'; /* single keys do something */
    isSelfHidden = false;

    setLayout(layout) {
        this.layout = layout;
        keep(STORED.layout, layout);
    }

    setCorner(corner) {
        this.corner = corner;
        keep(STORED.corner, corner);
    }

    setKeys(hasKeys) {
        this.hasKeys = hasKeys;
        keep(STORED.keys, hasKeys ? 'yes' : 'no');
    }
}

export const view = new View();
export { CORNERS };
