import "@fontsource-variable/bricolage-grotesque/wght.css";
import "@fontsource-variable/instrument-sans/wght.css";
import "./look/tokens.css";
import "./look/base.css";
import "./look/parts.css";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { queries } from "./api/queries";
import { prepareColours } from "./frame/colours";
import { Pages } from "./frame/Pages";
import { prepareAnnouncements } from "./parts/announce";
import { Crashed } from "./parts/Crashed";
import { loadTexts, preferred, TextsProvider } from "./texts/texts";

prepareColours();
prepareAnnouncements();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

const first = preferred();
const texts = await loadTexts(first);

createRoot(root).render(
  <StrictMode>
    <TextsProvider first={first} texts={texts}>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queries}>
          <BrowserRouter>
            <Crashed>
              <Pages />
            </Crashed>
          </BrowserRouter>
        </QueryClientProvider>
      </CSPProvider>
    </TextsProvider>
  </StrictMode>,
);
