// Mistakes in what `partnerapp try` is asked for: nothing is ignored, and the message says what was meant.
import assert from "node:assert/strict";
import path from "node:path";
import { after, describe, test } from "node:test";
import { writeFileSync } from "node:fs";
import { folder, run, top } from "./harness.mjs";

const { name: place, remove } = folder();
after(remove);
writeFileSync(path.join(place, "slack.json"), '{"url":"https://hooks.slack.com/services/T0/B0/x","text":"x"}');
writeFileSync(path.join(place, "list.json"), '["a"]');
const APP = ["--app", path.join(top, "lua/app")];

const MISTAKES = [
	["a setting", ["try", "acme", "--setting", "regoin=eu"], /try: Acme has no setting 'regoin': did you mean 'region'\?$/m],
	["a setting in snake case", ["try", "actions-webhook", "send", "--setting", "shared_secret=x"],
		/Webhook has no setting 'shared_secret': did you mean 'sharedSecret'\?$/m],
	["a setting of a destination without any", ["try", "actions-slack", "--setting", "url=x"], /Slack has no setting 'url'$/m],
	["a recorded try", ["try", "actions-webhook", "--test", "sgned"], /actions-webhook has no recorded try 'sgned': did you mean 'signed'\?$/m],
	["a recorded try of another destination", ["try", "actions-slack", "--test", "signed"], /actions-slack has no recorded try 'signed': /],
	["an action", ["try", "actions-slack", "posttochannel"], /Slack has no action 'posttochannel': did you mean 'postToChannel'\?$/m],
	["a destination", ["try", "slack"], /there is no destination 'slack': use acme, actions_slack, /],
	["a sample", ["try", "acme", "--sample", "identity"], /there is no sample 'identity': track, identify, page, /],
	["no destination, of several", ["try"], /which destination\? The app has acme, actions-slack, actions-webhook$/m],
	["a mapping that is not there", ["try", "actions-slack", "--mapping", "slak.json"], /try: slak\.json: No such file/],
	["a mapping that is a list", ["try", "actions-slack", "--mapping", "list.json"], /✗ mapping +the mapping is array, not an object/],
	["no mapping where a customer makes it", ["try", "actions-slack"], /the destination has no mapping: .*takes one with --mapping FILE/],
	["the mapping of another destination", ["try", "actions-webhook", "--mapping", "slack.json"], /missing the required field 'method'/],
	["a new destination of a name that is taken", ["new", "destination", "acme"], /destinations\/acme\.lua is there already$/m],
];

describe("mistakes in trying a destination", { concurrency: 2 }, () => {
	for (const [what, words, said] of MISTAKES) {
		test(what, async () => {
			const { code, out, err } = await run([...words, ...APP], { cwd: place });
			assert.match(out + err, said);
			assert.equal(code, 1);
		});
	}
});
