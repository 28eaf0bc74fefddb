/** Draws a fleet on a canvas of its own, frame by frame: hundreds of elements would not keep up. */
import L from "leaflet";
import type { Tones } from "../map/colours";
import type { Fleet } from "./fleet";
import { readableOn } from "./signs";

const RADIUS = 9;
const SMALL = 5;
/** From here on a bus is large enough to be read. */
const NAMED = 13.5;

export class BusLayer extends L.Layer {
  readonly #canvas = document.createElement("canvas");
  readonly #fleet: Fleet;
  readonly #tones: Tones;
  readonly #still: boolean;
  #frame = 0;

  constructor(fleet: Fleet, tones: Tones, still: boolean) {
    super();
    this.#fleet = fleet;
    this.#tones = tones;
    this.#still = still;
  }

  override onAdd(map: L.Map): this {
    this.#canvas.className = "buses leaflet-zoom-hide";
    this.#canvas.style.pointerEvents = "none";
    map.getPanes().markerPane.append(this.#canvas);
    const draw = (now: number) => {
      this.#draw(map, now);
      this.#frame = requestAnimationFrame(draw);
    };
    this.#frame = requestAnimationFrame(draw);
    return this;
  }

  override onRemove(): this {
    cancelAnimationFrame(this.#frame);
    this.#canvas.remove();
    return this;
  }

  #draw(map: L.Map, now: number) {
    const size = map.getSize();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [Math.round(size.x * ratio), Math.round(size.y * ratio)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#canvas.style.width = `${size.x}px`;
      this.#canvas.style.height = `${size.y}px`;
    }
    L.DomUtil.setPosition(this.#canvas, map.containerPointToLayerPoint([0, 0]));
    const pen = this.#canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, size.x, size.y);
    const isNamed = map.getZoom() >= NAMED;
    const radius = isNamed ? RADIUS : SMALL;
    pen.font = `700 10px "Instrument Sans Variable", sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 2;
    pen.strokeStyle = this.#tones.paper;
    for (const { bus, lat, lon } of this.#fleet.at(now, this.#still)) {
      const { x, y } = map.latLngToContainerPoint([lat, lon]);
      if (x < -20 || y < -20 || x > size.x + 20 || y > size.y + 20) continue;
      pen.fillStyle = bus.colour;
      nose(pen, x, y, radius, bus.bearing);
      pen.beginPath();
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.fill();
      pen.stroke();
      if (isNamed) {
        pen.fillStyle = readableOn(bus.colour);
        pen.fillText(bus.line.slice(0, 3), x, y + 0.5);
      }
    }
  }
}

/** Where it heads. */
function nose(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, bearing: number) {
  const angle = ((bearing - 90) * Math.PI) / 180;
  pen.beginPath();
  pen.moveTo(x + Math.cos(angle) * (radius + 5), y + Math.sin(angle) * (radius + 5));
  pen.lineTo(x + Math.cos(angle + 0.8) * radius, y + Math.sin(angle + 0.8) * radius);
  pen.lineTo(x + Math.cos(angle - 0.8) * radius, y + Math.sin(angle - 0.8) * radius);
  pen.closePath();
  pen.fill();
}
