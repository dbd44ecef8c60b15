import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** Petrol: light enough for text on dark at 4, dark enough below white text at 6 and for text on white at 7. */
const petrol: MantineColorsTuple = [
  "#e6f7f6",
  "#cfeceb",
  "#a0d9d6",
  "#6dc4c0",
  "#46b1ad",
  "#25979a",
  "#147f85",
  "#0b666d",
  "#09535a",
  "#063f45",
];

/** Neutral greys with a trace of the brand's hue, for the dark scheme: 7 is the page, 6 a raised surface. */
const dark: MantineColorsTuple = [
  "#d5dadb",
  "#b3bbbd",
  "#8a9497",
  "#626c6f",
  "#39424a",
  "#2a3238",
  "#1d2328",
  "#14191d",
  "#101418",
  "#0b0e11",
];

const system =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", "Liberation Sans", sans-serif';
const monospace =
  'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace';

export const theme = createTheme({
  colors: { petrol, dark },
  primaryColor: "petrol",
  primaryShade: { light: 7, dark: 6 },
  fontFamily: system,
  fontFamilyMonospace: monospace,
  headings: { fontFamily: system, fontWeight: "600" },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  defaultRadius: 6,
  cursorType: "pointer",
  focusRing: "auto",
});
