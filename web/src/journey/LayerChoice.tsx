import { Switch } from "@base-ui/react/switch";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import { Answer } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { STEPS } from "./density";

export interface Layers {
  buses: boolean;
  density: boolean;
  suggestions: boolean;
}

const NAMES = ["buses", "density", "suggestions"] as const;

/** What else the map shows. */
export function LayerChoice({ layers, set }: { layers: Layers; set: (layers: Layers) => void }) {
  const t = useTexts();
  return (
    <section className="card layers" aria-label={t.journey.onMap}>
      {NAMES.map(name => (
        // biome-ignore lint/a11y/noLabelWithoutControl: the library's switch is a control
        <label key={name} className="layer">
          <Switch.Root
            className="switch"
            checked={layers[name]}
            onCheckedChange={on => set({ ...layers, [name]: on })}
          >
            <Switch.Thumb className="thumb" />
          </Switch.Root>
          <span>
            {t.journey.layers[name]}
            <span className="muted small">{t.journey.layersMore[name]}</span>
          </span>
        </label>
      ))}
      {layers.density && <Legend />}
    </section>
  );
}

function Legend() {
  const t = useTexts();
  const f = useFormats();
  return (
    <figure className="legend">
      <figcaption className="small">{t.journey.legend}</figcaption>
      <ul>
        {STEPS.map(({ from, opacity }) => (
          <li key={from}>
            <span className="swatch" style={{ opacity }} />
            <span className="small figures">
              {from === 0 ? `< ${f.number(STEPS[1]?.from ?? 0)}` : f.number(from)}
            </span>
          </li>
        ))}
        <li>
          <span className="swatch unserved" />
          <span className="small">{t.journey.unserved}</span>
        </li>
      </ul>
    </figure>
  );
}

export const suggestionsQuery = () => ({
  queryKey: ["suggestions"],
  queryFn: ({ signal }: { signal: AbortSignal }) => answer(api.GET("/api/suggestions", { signal })),
  staleTime: 3_600_000,
});

/** The suggested stops as a list, with what they are worth. */
export function NewStops() {
  const t = useTexts();
  const f = useFormats();
  const suggestions = useQuery(suggestionsQuery());
  return (
    <section className="card stack" aria-labelledby="new-stops">
      <h2 id="new-stops">{t.journey.newStops}</h2>
      <Answer query={suggestions}>
        {found =>
          found.stops.length === 0 ? (
            <p className="muted">{t.journey.noNewStops}</p>
          ) : (
            <>
              <p className="muted">
                {t.journey.newStopsMore(f.number(Math.round(found.people)), found.stops.length)}
              </p>
              <ol className="new-stops">
                {found.stops.map((stop, index) => (
                  <li key={`${stop.lat},${stop.lon}`}>
                    <span className="badge bad figures">{index + 1}</span>
                    <span>{stop.street ?? t.map.pointOnMap}</span>
                    <span className="muted small figures">
                      {t.journey.people(f.number(Math.round(stop.people)))}
                    </span>
                  </li>
                ))}
              </ol>
              <p className="muted small">{found.assumptions}</p>
            </>
          )
        }
      </Answer>
    </section>
  );
}
