// What axe-core finds wrong on a page: rules of WCAG 2.2 A and AA, and its best practices.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The violations on the page that is open: a line for each element. */
export async function violations(page) {
	await page.evaluate(source);
	const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
	return found.violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)}`));
}
