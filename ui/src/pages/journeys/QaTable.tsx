/** A run of test profiles: who got what when, and whether that was expected. */
import { Table } from "@mantine/core";
import { Fragment, type ReactNode } from "react";
import { State } from "../../parts/places";

export interface QaReport {
  cases: {
    name: string;
    run: string | null;
    steps: { step: string; after_ms: number; status: string; reason: string | null }[];
    checks: { expected: string; met: boolean; found: string }[];
  }[];
}

const UNITS: [string, number][] = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1_000]];

/** A time after the start in its two largest units. */
export function afterWords(ms: number): string {
  if (ms < 1_000) return "at once";
  const words: string[] = [];
  let left = ms;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) words.push(`${count}${unit}`);
  }
  return words.slice(0, 2).join(" ");
}

export function QaTable({ report }: { report: QaReport }): ReactNode {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Test profiles, table">
      <Table fz="sm" className="qa">
        <Table.Thead>
          <Table.Tr>
            {["Step", "After", "Status", "Why"].map((title) => (
              <Table.Th key={title}>{title}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {report.cases.map((one) => {
            const green = one.checks.every((check) => check.met);
            return (
              <Fragment key={one.name}>
                <Table.Tr className="case">
                  <Table.Th scope="rowgroup" colSpan={4}>
                    <span className={green ? "good" : "bad"}>{green ? "✓" : "✕"}</span> {one.name}
                    {one.run ? `: run ${one.run.replaceAll("_", " ")}` : ": did not enter"}
                  </Table.Th>
                </Table.Tr>
                {one.steps.map((step, place) => (
                  <Table.Tr key={`${step.step}-${place}`}>
                    <Table.Td>{step.step}</Table.Td>
                    <Table.Td>{afterWords(step.after_ms)}</Table.Td>
                    <Table.Td>
                      <State name={step.status} />
                    </Table.Td>
                    <Table.Td>{step.reason?.replaceAll("_", " ") ?? ""}</Table.Td>
                  </Table.Tr>
                ))}
                {one.checks
                  .filter((check) => !check.met)
                  .map((check) => (
                    <Table.Tr key={check.expected}>
                      <Table.Td colSpan={4}>
                        <span className="bad">✕ expected {check.expected}; found {check.found}</span>
                      </Table.Td>
                    </Table.Tr>
                  ))}
              </Fragment>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}
