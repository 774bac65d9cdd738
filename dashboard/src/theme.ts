import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** The accent. Under white text shade 7 (light) has 6.6:1 and shade 6 (dark) 5.3:1; links are shade 7 and shade 3. */
const gate: MantineColorsTuple = [
  '#eaf7f2',
  '#d3ebe2',
  '#a9d9c7',
  '#6fcaa8',
  '#3fae88',
  '#1f9570',
  '#127a5a',
  '#0b6b4f',
  '#08573f',
  '#044330',
];

/** Greys with a touch of the accent, so that the dark theme is calm and not black. */
const dark: MantineColorsTuple = [
  '#dfe5e4',
  '#b9c3c1',
  '#94a19e',
  '#66736f',
  '#3a4643',
  '#2b3633',
  '#202927',
  '#171e1c',
  '#111715',
  '#0b100e',
];

const systemFonts =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, 'Apple Color Emoji', 'Segoe UI Emoji', 'Noto Color Emoji', sans-serif";

/** The head of a dialog is a `header`, which would count as a second banner of the page. */
const dialog = { header: { role: 'presentation' } };

export const theme = createTheme({
  primaryColor: 'gate',
  primaryShade: { light: 7, dark: 6 },
  colors: { gate, dark },
  fontFamily: systemFonts,
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  headings: { fontFamily: systemFonts, fontWeight: '650' },
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Card: { defaultProps: { withBorder: true, padding: 'lg', radius: 'lg' } },
    Modal: {
      defaultProps: { centered: true, radius: 'lg', attributes: dialog },
      classNames: { title: 'dialog-title' },
    },
    Drawer: { defaultProps: { attributes: dialog }, classNames: { title: 'dialog-title' } },
    Anchor: { defaultProps: { underline: 'always' } },
    Table: { defaultProps: { verticalSpacing: 'sm' } },
  },
});
