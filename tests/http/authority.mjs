// Certificates for one run, by the openssl command: an authority, and servers' certificates that it signs.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });

const CONFIG = `
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
`;

/** Makes an authority in a folder. Gives the PEM file of its certificate, and issue(names, days). */
export function authority(folder, name = "authority") {
	const at = (file) => path.join(folder, file);
	const config = at(`${name}.cnf`), file = at(`${name}.pem`), key = at(`${name}-key.pem`);
	const request = ["req", "-config", config, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
	let count = 0;
	writeFileSync(config, CONFIG);
	openssl(...request, "-x509", "-extensions", "authority", "-subj", `/CN=${name}`, "-days", "2", "-keyout", key, "-out", file);
	return {
		file,
		/**
		 * Issues a certificate for names ("DNS:localhost", "IP:127.0.0.1"), which ends in `days`: a negative number is one
		 * that ended. Gives { key, cert } as PEM, and their files.
		 */
		issue(names = ["DNS:localhost", "DNS:*.localhost", "IP:127.0.0.1"], days = 2) {
			const base = at(`${name}-${++count}`), extensions = `${base}.ext`;
			const files = { keyFile: `${base}-key.pem`, certFile: `${base}.pem` };
			writeFileSync(extensions, `subjectAltName = ${names.join(", ")}\n`);
			openssl(...request, "-subj", "/CN=server", "-keyout", files.keyFile, "-out", `${base}.csr`);
			openssl("x509", "-req", "-in", `${base}.csr`, "-CA", file, "-CAkey", key, "-set_serial", String(count),
				"-extfile", extensions, "-days", String(days), "-out", files.certFile);
			return { ...files, key: readFileSync(files.keyFile), cert: readFileSync(files.certFile) };
		},
	};
}
