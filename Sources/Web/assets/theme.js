// Before anything is painted: the look that was chosen, where it differs from the system's.
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch { /* A browser that keeps nothing shows the system's look. */ }
document.documentElement.classList.add('scripted');
