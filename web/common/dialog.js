/* dialog.js - dialogs that lie beside the page and not over it: while one is open, Stop is still within reach, of eye, finger and keyboard. */

/* Escape closes it, and who opened it has the focus again. focus: what of it has the focus first. Resolves with its return value. */
export function openBeside(dialog, focus = dialog) {
    if (dialog.open) dialog.close('');
    const before = document.activeElement;
    dialog.returnValue = '';
    dialog.show();
    focus.focus();
    const escape = (event) => event.key === 'Escape' && dialog.close('');
    addEventListener('keydown', escape);
    return new Promise((resolve) => {
        dialog.onclose = () => {
            removeEventListener('keydown', escape);
            if (before?.isConnected) before.focus();
            resolve(dialog.returnValue);
        };
    });
}
