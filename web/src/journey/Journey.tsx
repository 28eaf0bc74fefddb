import "./journey.css";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { Page } from "../parts/Page";
import { Failed } from "../parts/Problem";
import { Bones } from "../parts/States";
import { useTexts } from "../texts/texts";
import { Alternatives } from "./Alternatives";
import { LayerChoice, type Layers, NewStops } from "./LayerChoice";
import { options, routesQuery } from "./routes";
import { TripForm } from "./TripForm";
import { read, type Trip, written } from "./trip";

const JourneyMap = lazy(() => import("./JourneyMap"));

/** From here to there: every way side by side, and the city around it as it moves. */
export default function Journey() {
  const t = useTexts();
  const [params, setParams] = useSearchParams();
  const trip = useMemo(() => read(params), [params]);
  const routes = useQuery(routesQuery(trip));
  const found = useMemo(() => routes.data && options(routes.data), [routes.data]);
  const [chosenKey, choose] = useState<string>();
  // Shown first: the fastest that leaves the car at home.
  const first = found?.find(option => option.mode !== "car") ?? found?.[0];
  const chosen = found?.find(option => option.key === chosenKey) ?? first;
  const [layers, setLayers] = useState<Layers>({ buses: true, density: false, suggestions: false });
  const change = (next: Partial<Trip>) => setParams(written({ ...trip, ...next }), { replace: true });

  return (
    <Page title={t.journey.title} lead={t.journey.lead} className="journey">
      <div className="planner">
        <div className="stack">
          <TripForm trip={trip} change={change} />
          {routes.isError && <Failed error={routes.error} again={() => void routes.refetch()} />}
          {routes.isLoading && <Bones count={4} height="6rem" />}
          {routes.data && found && (
            <Alternatives
              routes={routes.data}
              options={found}
              chosen={chosen}
              choose={option => choose(option.key)}
            />
          )}
        </div>
        <div className="stack around">
          <Suspense fallback={<Bones count={1} height="min(34rem, 70vh)" />}>
            <JourneyMap trip={trip} options={found} chosen={chosen} layers={layers} change={change} />
          </Suspense>
          <LayerChoice layers={layers} set={setLayers} />
          {layers.suggestions && <NewStops />}
        </div>
      </div>
    </Page>
  );
}
