/* kept.js - what this browser remembers of its reader's taste. One that keeps nothing asks each time. */

export function kept(name) {
    try {
        return localStorage.getItem(name);
    } catch {
        return null;
    }
}

export function keep(name, value) {
    try {
        localStorage.setItem(name, value);
    } catch {
        /* nothing depends on it */
    }
}
