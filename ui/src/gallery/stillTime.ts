/** Every picture is taken at this moment. */
export const NOW = new Date(2026, 9, 3, 14, 20).getTime();

Date.now = () => NOW;
