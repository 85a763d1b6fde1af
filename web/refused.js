/* refused.js - what the server refused (its code), or what never reached it ('connection_lost', 'unreachable'). */

export class Refused extends Error {
    constructor(code, message) {
        super(message);
        this.code = code;
    }
}
