/** A step in words, for the picture and for those who do not see it. */
import { CHANNELS } from "../../definition";
import { conditionWords } from "./conditions";
import { isBag } from "./json";
import { kindOf } from "./kinds";
import { forksOf, type Step } from "./steps";

const text = (value: unknown): string => (typeof value === "string" ? value : value === undefined ? "?" : JSON.stringify(value));

/** What a message says first. */
function saying(of: unknown): string {
  if (!isBag(of)) return "";
  const channel = CHANNELS.find((name) => isBag(of[name]));
  const content = channel ? of[channel] : undefined;
  if (!isBag(content)) return "";
  return text(content["title"] ?? content["subject"] ?? content["body"] ?? content["text"] ?? content["url"] ?? "");
}

export interface Words {
  sign: string;
  title: string;
  /** Below the title; of a reach step one for each channel. */
  lines: string[];
  /** Which colour and rim. */
  look: string;
}

const LOOKS: Record<string, string> = { Wait: "wait", Decide: "choice", Message: "push", Act: "act" };

export function wordsOf(step: Step): Words {
  const kind = kindOf(step);
  if (!kind) return { sign: "?", title: step.id, lines: ["of no known type"], look: "act" };
  const of = step[kind.key];
  const words = (line: string, title = kind.title): Words => ({ sign: kind.sign, title, lines: [line], look: LOOKS[kind.group] ?? "act" });
  switch (kind.name) {
    case "delay": return words(`for ${text(of)}`, "Wait");
    case "until": return words(isBag(of) && isBag(of["until"]) ? `until ${text(of["until"]["time"])}` : "until ?", "Wait");
    case "by": return words(isBag(of) && isBag(of["by"]) ? `as ${text(of["by"]["value"])} says` : "from data", "Wait");
    case "window": return words(isBag(of) ? `${text(of["weekdays"] ?? "every day")}, ${text(of["from"] ?? "00:00")}–${text(of["to"] ?? "24:00")}` : "?");
    case "wait_until": return words(isBag(of) ? conditionWords(of["condition"]) + (of["limit"] ? `, at most ${text(of["limit"])}` : "") : "?");
    case "branch": return words(isBag(of) ? conditionWords(of["if"]) : "?");
    case "multi_branch": case "split": case "ab_test": return words(`${forksOf(step).length} ways`);
    case "holdout": return words(`${String(of).replace(/\s*%$/, "")} % get nothing`);
    case "update_person": return words(isBag(of) ? Object.keys(of).join(", ") : "?");
    case "emit_event": return words(isBag(of) ? text(of["name"]) : "?");
    case "segment_add": case "segment_remove": return words(isBag(of) ? `segment ${text(of["add"] ?? of["remove"])}` : "?");
    case "go_to": return words(text(of));
    case "exit": return words("the run ends");
    case "reach": {
      const channels = isBag(of) && Array.isArray(of["channels"]) ? of["channels"] : [];
      const lines = channels.map((channel) => `${CHANNELS.find((name) => isBag(channel) && name in channel) ?? "?"}: ${saying(channel)}`);
      return { ...words(""), title: "Reach", lines: lines.length > 0 ? lines : ["no channel"] };
    }
    default: return words(saying(step));
  }
}
