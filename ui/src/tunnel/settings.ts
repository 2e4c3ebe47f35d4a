// Settings of tunnels as the page uses them: the core always sends every field.
import type { NgrokSettings, OwnSettings, ProgramSettings, TunnelSettings } from "../host/contract";

export type FullTunnelSettings = Required<TunnelSettings> & {
	ngrok: Required<NgrokSettings>;
	program: Required<ProgramSettings>;
	own: Required<OwnSettings>;
};
