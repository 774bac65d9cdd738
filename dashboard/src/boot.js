// Runs before the first paint, so that no page flashes in the wrong colours and screen readers know the language. It is a file of
// its own because the content security policy allows no inline script.
(() => {
  const root = document.documentElement;
  try {
    const scheme = localStorage.getItem('wagate-scheme');
    const dark = scheme === 'dark' || (scheme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
    root.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
    const language = localStorage.getItem('wagate-language') ?? navigator.language;
    root.lang = language.toLowerCase().startsWith('id') ? 'id' : 'en';
  } catch (error) {
    // Storage may be forbidden; the page then follows the system.
    console.info('the stored appearance cannot be read', error);
    root.setAttribute('data-mantine-color-scheme', 'light');
  }
})();
