/* refused.js - what the server refused (its code, see PROTOCOL.md), or what never reached it: 'connection_lost', 'unreachable'. There are no
 * words for people in it: they are the page's, in the reader's language. */

export class Refused extends Error {
    name = 'Refused';

    constructor(code) {
        super(code);
        this.code = code;
    }
}
