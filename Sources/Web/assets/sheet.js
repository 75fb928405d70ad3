// The look of a page that most visits do not need: loaded with the page, not before.

const loaded = new Map();

/** Loads a style sheet of the assets, once. A page waits for it, so that nothing is ever seen without its look. */
export function sheet(name) {
  if (!loaded.has(name)) {
    loaded.set(name, new Promise((resolve) => {
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      link.href = new URL(`./${name}`, import.meta.url);
      // Without its look a page still works.
      link.addEventListener('load', resolve);
      link.addEventListener('error', () => { loaded.delete(name); resolve(); });
      document.head.append(link);
    }));
  }
  return loaded.get(name);
}
