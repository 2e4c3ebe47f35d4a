// Codes of tunnels and of test deliveries in words: what happened, and what to do next.
import { m } from "../words";

export type CodeWords = {
	words: string;
	step: string;
	/** Another tunnel would help: it is offered at once. */
	otherTunnel: boolean;
};

type Pair = [() => string, () => string];

const table: Record<string, Pair> = {
	"102": [m.code_102, m.code_102_step],
	"103": [m.code_102, m.code_102_step],
	"105": [m.code_105, m.code_105_step],
	"106": [m.code_105, m.code_105_step],
	"107": [m.code_107, m.code_107_step],
	"108": [m.code_108, m.code_108_step],
	"115": [m.code_115, m.code_115_step],
	"116": [m.code_115, m.code_115_step],
	"119": [m.code_120, m.code_120_step],
	"120": [m.code_120, m.code_120_step],
	"121": [m.code_120, m.code_120_step],
	"123": [m.code_123, m.code_123_step],
	"300": [m.code_300, m.code_300_step],
	"319": [m.code_319, m.code_319_step],
	"320": [m.code_319, m.code_319_step],
	"334": [m.code_334, m.code_334_step],
	"725": [m.code_725, m.code_725_step],
	"727": [m.code_727, m.code_727_step],
	"734": [m.code_734, m.code_734_step],
	"3004": [m.code_8012, m.code_8012_step],
	"3200": [m.code_3200, m.code_3200_step],
	"4018": [m.code_4018, m.code_4018_step],
	"8012": [m.code_8012, m.code_8012_step],
	"9040": [m.code_9040, m.code_9040_step],
	"15013": [m.code_15013, m.code_15013_step],
	network: [m.code_network, m.code_network_step],
	tls: [m.code_tls, m.code_tls_step],
	proxy: [m.code_proxy, m.code_proxy_step],
	cut: [m.code_cut, m.code_cut_step],
	unexpected: [m.code_unexpected, m.code_unexpected_step],
	stopped_remotely: [m.code_stopped_remotely, m.code_stopped_remotely_step],
	bad_server: [m.code_bad_server, m.code_bad_server_step],
	bad_ca_file: [m.code_bad_ca_file, m.code_bad_ca_file_step],
	bad_proxy: [m.code_bad_proxy, m.code_bad_proxy_step],
	bad_command: [m.code_bad_command, m.code_bad_command_step],
	bad_pattern: [m.code_bad_pattern, m.code_bad_pattern_step],
	program_missing: [m.code_program_missing, m.code_program_missing_step],
	program_denied: [m.code_program_denied, m.code_program_denied_step],
	no_address: [m.code_no_address, m.code_no_address_step],
	ended: [m.code_ended, m.code_ended_step],
	not_https: [m.code_not_https, m.code_not_https_step],
	bad_address: [m.code_bad_address, m.code_bad_address_step],
	port_taken: [m.code_port_taken, m.code_port_taken_step],
	none: [m.code_none, m.code_none_step],
	timeout: [m.code_timeout, m.code_timeout_step],
	dns: [m.code_dns, m.code_dns_step],
	connect: [m.code_connect, m.code_connect_step],
	elsewhere: [m.code_elsewhere, m.code_elsewhere_step],
	internal: [m.code_internal, m.code_internal_step],
};

/** Codes after which the seller is better off with another tunnel. */
const HOPELESS = new Set(["9040", "120", "119", "121", "102", "103", "725", "727", "network", "tls"]);

export function codeWords(code: string): CodeWords {
	const bare = code.startsWith("ngrok_") ? code.slice("ngrok_".length) : code;
	const known = table[bare];
	const otherTunnel = HOPELESS.has(bare);
	if (known) return { words: known[0](), step: known[1](), otherTunnel };
	if (bare.startsWith("http_")) return { words: m.code_http({ code: bare.slice("http_".length) }), step: m.code_http_step(), otherTunnel };
	if (/^9\d{3}$/.test(bare)) return { words: m.code_9000(), step: m.code_9000_step(), otherTunnel: true };
	return { words: m.code_ngrok({ code: bare }), step: m.code_ngrok_step(), otherTunnel: true };
}
