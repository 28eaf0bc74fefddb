/** What people call a browser on a device, read off what it calls itself. Nothing when it doesn't say. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
  [/curl\//, "curl"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "Mac"],
  [/Linux/, "Linux"],
];

export function deviceName(agent: string): string | undefined {
  const find = (names: typeof BROWSERS) => names.find(([sign]) => sign.test(agent))?.[1];
  const found = [find(BROWSERS), find(SYSTEMS)].filter(name => name !== undefined);
  return found.length ? found.join(", ") : agent.slice(0, 40) || undefined;
}
