/** Google's encoded polyline with five decimals: what a city's streets and ways come in. */
export type LatLon = [number, number];

export function decode(text: string): LatLon[] {
  const points: LatLon[] = [];
  let [at, lat, lon] = [0, 0, 0];
  const next = () => {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = text.charCodeAt(at++) - 63;
      value |= (byte & 31) << shift;
      shift += 5;
    } while (byte >= 32 && at < text.length);
    return value & 1 ? ~(value >> 1) : value >> 1;
  };
  while (at < text.length) {
    lat += next();
    lon += next();
    points.push([lat / 1e5, lon / 1e5]);
  }
  return points;
}
