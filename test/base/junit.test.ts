import { expect, test } from "vitest";
import { junit } from "../../src/base/junit.ts";

test("JUnit XML counts what failed and what was skipped, and holds any text", () => {
	const suite = "s";
	const cases = [
		{ suite, name: "fine", seconds: 0.0126 },
		{ suite, name: `<a> & "b" 'c'`, failure: { type: "T", message: "m]]>", text: "one\n<two>\u0000" } },
		{ suite, name: "open", skipped: { message: "no evidence" } },
	];
	expect(
		junit([
			{ name: "all", cases },
			{ name: "none", cases: [] },
		]),
	).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="all" tests="3" failures="1" skipped="1">
    <testcase classname="s" name="fine" time="0.013"/>
    <testcase classname="s" name="&lt;a&gt; &amp; &quot;b&quot; &#39;c&#39;">
      <failure type="T" message="m]]&gt;">one
&lt;two&gt;\ufffd</failure>
    </testcase>
    <testcase classname="s" name="open">
      <skipped message="no evidence"/>
    </testcase>
  </testsuite>
  <testsuite name="none" tests="0" failures="0" skipped="0">
  </testsuite>
</testsuites>
`);
});
