import "@mantine/core/styles.css";
import "./style.css";
import { createTheme, type CSSVariablesResolver, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiProblem } from "./api/problem";
import { SignIn } from "./pages/SignIn";
import { router } from "./router";
import { useKey } from "./session";

const theme = createTheme({
  primaryColor: "cyan",
  primaryShade: 9,
  autoContrast: true,
  respectReducedMotion: true,
  defaultRadius: "sm",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
  cursorType: "pointer",
});

/** Greys and a hover that can be read: the kit's own are too faint (WCAG 2.1, 1.4.3). */
const greys: CSSVariablesResolver = () => ({
  variables: { "--mantine-primary-color-filled-hover": "#095c6c", "--mantine-color-cyan-filled-hover": "#095c6c" },
  light: { "--mantine-color-dimmed": "#596169", "--mantine-color-placeholder": "#6b737b", "--mantine-color-anchor": "#0b5a8a", "--mantine-color-error": "#b3261e" },
  dark: { "--mantine-color-dimmed": "#a3abb2", "--mantine-color-placeholder": "#8f979e", "--mantine-color-anchor": "#74c0fc", "--mantine-color-error": "#ff8787" },
});

const questions = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the server refused it refuses again; a server that was not reached is tried again.
      retry: (failures, error) => !(error instanceof ApiProblem) && failures < 3,
    },
  },
});

/** The page's proof for the styles that the component kit writes. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
// What keeps the page from scrolling below a dialog writes a style of its own, and looks for the nonce here.
Object.assign(globalThis, { __webpack_nonce__: nonce });

function Application() {
  const key = useKey();
  return key ? <RouterProvider router={router} /> : <SignIn />;
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" cssVariablesResolver={greys} getStyleNonce={() => nonce}>
        <QueryClientProvider client={questions}>
          <Application />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
