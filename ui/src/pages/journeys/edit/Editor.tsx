/** The editor of journeys: picture, forms and JSON of one definition, under the server's eyes. */
import "./edit.css";
import { Button, Group, Tabs, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { api, taken } from "../../../api/client";
import { ApiProblem, type Fault } from "../../../api/problem";
import { Problem } from "../../../parts/places";
import { parsed } from "../parsed";
import { type Editing, EditingContext } from "./editing";
import { FaultList } from "./FaultList";
import { JourneyPanel } from "./JourneyPanel";
import { JsonPanel } from "./JsonPanel";
import { housed } from "./model/faults";
import { begin, commit, type History, redo, seal, undo } from "./model/history";
import { same } from "./model/json";
import { newStep } from "./model/kinds";
import { placeWords, START } from "./model/layout";
import { type Draft, duplicate, find, insert, remove, type Spot, stepsOf, TRUNK, undrawable } from "./model/steps";
import { Palette } from "./Palette";
import { announce, onAnnounce } from "./signals";
import { StepPanel } from "./StepPanel";
import { type Applied, TryPanel } from "./TryPanel";

const Canvas = lazy(() => import("./Canvas"));

const write = (draft: Draft): string => JSON.stringify(draft, null, 2);

/** Which form is open and for what, as the address says it. */
function usePlace() {
  const search = useSearch({ strict: false }) as { panel?: string; step?: string };
  const navigate = useNavigate();
  const go = useCallback(
    (change: { panel?: string | undefined; step?: string | undefined }) =>
      void navigate({ to: ".", search: ((now: object) => ({ ...now, ...change })) as never, replace: true, resetScroll: false }),
    [navigate],
  );
  return { panel: search.panel ?? "step", step: search.step ?? null, go };
}

/** What the server says to a definition; while it looks at the newest, what it said before. */
function useVerdict(draft: Draft) {
  const [settled] = useDebouncedValue(draft, 400);
  const check = useQuery({
    queryKey: ["check", settled],
    queryFn: async () => taken(await api.POST("/landfall/v1/journeys", { params: { query: { check: true } }, body: settled as never })),
  });
  const last = useRef<Fault[]>([]);
  if (check.isFetched) last.current = check.error instanceof ApiProblem ? check.error.faults : [];
  return { faults: last.current, error: check.error, fine: check.isSuccess && settled === draft, looking: settled !== draft || check.isPending };
}

export default function Editor({ text, applied }: { text: string; applied?: Applied }): ReactNode {
  const begun = useMemo(() => (parsed(text).value ?? {}) as Draft, [text]);
  const [history, setHistory] = useState<History<Draft>>(() => begin(begun));
  const [broken, setBroken] = useState<string | null>(null);
  const [spot, setSpot] = useState<Spot | null>(null);
  const [said, setSaid] = useState("");
  const place = usePlace();
  const root = useRef<HTMLDivElement>(null);
  const draft = history.now.state;
  const chosen = place.step !== null && (place.step === START || find(draft, place.step)) ? place.step : null;
  const verdict = useVerdict(draft);
  const dirty = !same(draft, begun);
  const apply = useApply(draft, dirty);
  useEffect(() => onAnnounce(setSaid), []);

  const refused = apply.error instanceof ApiProblem ? apply.error.faults : [];
  const faults = useMemo(() => [...verdict.faults, ...refused].map((fault) => housed(draft, fault)), [verdict.faults, refused.length, draft]);
  const choose = useCallback(
    (id: string | null, moveFocus = false) => {
      setHistory(seal);
      place.go(id === START ? { panel: "journey", step: id } : id === null ? { step: undefined } : { panel: "step", step: id });
      if (moveFocus) requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById("panel-title")?.focus()));
    },
    [place.go],
  );
  const edit: Editing["edit"] = useCallback(
    (next, did, options = {}) => {
      setHistory((now) => commit(now, next, did, options.key));
      setBroken(null);
      apply.reset();
      if (options.key === undefined) announce(`Done: ${did}`);
      if (options.choose !== undefined) place.go(options.choose === null ? { step: undefined } : { panel: "step", step: options.choose });
    },
    [place.go, apply.reset],
  );
  const editing: Editing = { draft, chosen, faults, edit, choose, pause: useCallback(() => setHistory(seal), []) };

  const actions = {
    duplicate: (id: string) => {
      const copy = duplicate(draft, id);
      edit(copy.draft, `copy ${id}`, { choose: copy.id });
    },
    remove: (id: string) => edit(remove(draft, id), `remove ${id}`, { choose: null }),
  };
  const pick = (kind: string) => {
    if (!spot) return;
    const step = newStep(draft, spot, kind);
    setSpot(null);
    edit(insert(draft, spot, step), `add ${step.id} ${placeWords(draft, spot)}`, { choose: step.id });
  };
  const back = () => {
    if (history.past.length > 0) announce(`Undone: ${history.now.did}`);
    setBroken(null);
    apply.reset();
    setHistory(undo);
  };
  const forth = () => {
    const [next] = history.future;
    if (next) announce(`Done again: ${next.did}`);
    setBroken(null);
    apply.reset();
    setHistory(redo);
  };
  const typed = (next: string) => {
    const { value } = parsed(next);
    if (value) edit(value, "edit the JSON", { key: "json" });
    setBroken(value && write(value) === next ? null : next);
  };
  const wrongJson = broken === null ? undefined : parsed(broken).wrong;
  const wrongPicture = undrawable(draft);

  return (
    <EditingContext.Provider value={editing}>
      <div className="editor" ref={root} onKeyDown={(event) => undoKeys(event, back, forth)}>
        <Group className="editor-bar" gap="xs">
          <Button size="xs" onClick={() => apply.mutate()} loading={apply.isPending} disabled={wrongJson !== undefined || verdict.error !== null}>Apply</Button>
          <Button size="xs" variant="default" disabled={history.past.length === 0} onClick={back} title={`Ctrl Z${history.past.length > 0 ? `: ${history.now.did}` : ""}`}>Undo</Button>
          <Button size="xs" variant="default" disabled={history.future.length === 0} onClick={forth} title="Ctrl Shift Z">Redo</Button>
          <Button size="xs" variant="default" disabled={wrongPicture !== null} onClick={() => setSpot(chosen && chosen !== START ? after(draft, chosen) : { way: TRUNK, at: stepsOf(draft, TRUNK).length })}>Add a step</Button>
          <Verdict wrong={wrongJson} error={verdict.error} count={verdict.faults.length} fine={verdict.fine} />
          {dirty ? <Text size="xs" c="dimmed">not applied yet</Text> : null}
        </Group>
        {apply.error ? <Problem error={apply.error} /> : null}
        {apply.data && !apply.data.changed ? <Text role="status">The newest version says the same: nothing changed.</Text> : null}
        <div className="halves">
          <div>
            {wrongPicture === null ? (
              <Suspense fallback={<Text role="status">drawing…</Text>}>
                <Canvas add={setSpot} actions={actions} />
                <p className="caption">+ adds a step, a click opens one, dragging one moves it, dragging the ground moves the picture.</p>
              </Suspense>
            ) : (
              <Text role="status" p="md">✕ It cannot be drawn. {wrongPicture}</Text>
            )}
          </div>
          <Tabs className="panel" value={place.panel} onChange={(panel) => place.go({ panel: panel ?? undefined })} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="step">Step</Tabs.Tab>
              <Tabs.Tab value="journey">Journey</Tabs.Tab>
              <Tabs.Tab value="json">JSON</Tabs.Tab>
              <Tabs.Tab value="try">Try</Tabs.Tab>
            </Tabs.List>
            <div className="panel-body" role="region" aria-label="Form">
              <Tabs.Panel value="step">{chosen && chosen !== START ? <StepPanel key={chosen} id={chosen} actions={actions} /> : <Nothing faults={faults} />}</Tabs.Panel>
              <Tabs.Panel value="journey"><JourneyPanel /></Tabs.Panel>
              <Tabs.Panel value="json"><FaultList faults={faults} lead /><JsonPanel text={broken ?? write(draft)} write={typed} wrong={wrongJson && `Not JSON yet: ${wrongJson}. The picture shows what could be read last; an edit of it takes the place of this text.`} id={String(draft["id"] ?? "")} /></Tabs.Panel>
              <Tabs.Panel value="try"><TryPanel applied={applied} dirty={dirty} /></Tabs.Panel>
            </div>
          </Tabs>
        </div>
        <Palette where={spot && placeWords(draft, spot)} pick={pick} close={() => setSpot(null)} />
        <p className="unseen" role="status" aria-live="polite">{said}</p>
      </div>
    </EditingContext.Provider>
  );
}

/** The place behind a step. */
function after(draft: Draft, id: string): Spot {
  const placed = find(draft, id);
  return placed ? { way: placed.spot.way, at: placed.spot.at + 1 } : { way: TRUNK, at: 0 };
}

/** Stores the definition; until then, leaving the page is asked about. */
function useApply(draft: Draft, dirty: boolean) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leaving = useRef(false);
  useBlocker({
    shouldBlockFn: ({ current, next }) => {
      const tab = (at: typeof next) => (at.search as { tab?: string }).tab;
      const stays = current.pathname === next.pathname && tab(current) === tab(next);
      return dirty && !leaving.current && !stays && !window.confirm("Leave without applying what you changed?");
    },
    enableBeforeUnload: () => dirty && !leaving.current,
  });
  return useMutation({
    mutationFn: async () => taken(await api.POST("/landfall/v1/journeys", { body: draft as never })),
    onSuccess: async (applied) => {
      leaving.current = true;
      await navigate({ to: "/journeys/$journey", params: { journey: applied.journey.id }, search: { tab: "definition" } });
      await queries.invalidateQueries({ queryKey: ["journeys"] });
      leaving.current = false;
    },
  });
}

/** Ctrl Z and its like, but in fields the browser's own. */
function undoKeys(event: KeyboardEvent<HTMLElement>, back: () => void, forth: () => void): void {
  const field = (event.target as HTMLElement).closest("input, textarea");
  if (field || !(event.ctrlKey || event.metaKey)) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  if (key === "y" || event.shiftKey) forth();
  else back();
}

function Nothing({ faults }: { faults: Editing["faults"] }): ReactNode {
  return (
    <>
      <h2 className="panel-title" id="panel-title" tabIndex={-1}>Choose a step</h2>
      <FaultList faults={faults} lead />
      <Text size="sm" c="dimmed">
        Click a step to fill it in, + to add one, and drag a step onto another + to move it. From the dot below the last step
        of a way, drag to a later step to go on there.
      </Text>
      <Text size="sm" c="dimmed" mt="xs">
        With keys: Tab or ↑ ↓ from step to step, Enter opens one, Alt ↑ ↓ moves it, Delete removes it, Ctrl D copies it, Ctrl Z
        and Ctrl Shift Z undo and redo.
      </Text>
    </>
  );
}

function Verdict({ wrong, error, count, fine }: { wrong: string | undefined; error: Error | null; count: number; fine: boolean }): ReactNode {
  if (wrong) return <Text size="sm" role="status">✕ Not JSON yet</Text>;
  if (count > 0) return <Text size="sm" role="status" className="bad">✕ {count === 1 ? "One thing is" : `${count} things are`} wrong</Text>;
  if (error) return <Problem error={error} />;
  return <Text size="sm" role="status">{fine ? "✓ The server finds nothing wrong." : "checking…"}</Text>;
}
