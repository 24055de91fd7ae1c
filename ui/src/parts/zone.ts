/** The workspace's zone: times are shown in the viewer's, and in this one on hover. */
import { createContext, useContext } from "react";

export const WorkspaceZone = createContext("UTC");

export const useWorkspaceZone = (): string => useContext(WorkspaceZone);
