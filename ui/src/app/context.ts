// What every area may ask for: the host, the frame, the opener of addresses.
import { createContext } from "svelte";
import type { Host } from "../host";
import type { AppController } from "./app.svelte";
import type { LinkOpener } from "./links.svelte";

export type Frame = { host: Host; app: AppController; links: LinkOpener };

export const [useFrame, provideFrame] = createContext<Frame>();
