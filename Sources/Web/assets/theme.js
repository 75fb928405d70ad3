// Before anything is painted: the look that was chosen, where it differs from the system's.
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch { /* A browser that keeps nothing shows the system's look. */ }
document.documentElement.classList.add('scripted');

// And on the way while the other scripts come: the page's words, as `i18n.js` asks for them.
if (document.currentScript.dataset.words) {
  document.head.append(Object.assign(document.createElement('link'), { rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', href: document.currentScript.dataset.words }));
}
