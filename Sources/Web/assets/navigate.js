// How modules change the address without knowing the page's beginning (which knows them).

/** Goes to an address of ours. */
export const go = (address, options) => import('./app.js').then((app) => app.go(address, options));
/** Writes down in the address what is shown. */
export const note = (address) => history.replaceState(history.state, '', address);
