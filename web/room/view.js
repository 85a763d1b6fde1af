/* view.js - how this reader likes to see the session. What is a lasting taste is kept in the browser; what hides something is not, so that nobody
 * wonders next time where it went. */

import { keep, kept } from '../common/kept.js';

const CORNERS = ['bottom-right', 'bottom-left', 'top-left', 'top-right'];
const LAYOUTS = ['grid', 'speaker'];

const stored = (name, allowed) => (allowed.includes(kept(`kinroom.${name}`)) ? kept(`kinroom.${name}`) : allowed[0]);

class View {
    layout = stored('layout', LAYOUTS); /* all alike, or who speaks larger */
    corner = stored('corner', CORNERS); /* of my own small picture */
    hasKeys = stored('keys', ['yes', 'no']) === 'yes'; /* single keys do something */
    isSelfHidden = false;

    setLayout(layout) {
        this.layout = layout;
        keep('kinroom.layout', layout);
    }

    setCorner(corner) {
        this.corner = corner;
        keep('kinroom.corner', corner);
    }

    setKeys(hasKeys) {
        this.hasKeys = hasKeys;
        keep('kinroom.keys', hasKeys ? 'yes' : 'no');
    }
}

export const view = new View();
export { CORNERS };
