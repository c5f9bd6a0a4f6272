// Prints the Alloy config on standard input as `alloy fmt` prints it: with the same parser and the same printer.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	file, err := parser.ParseFile("<stdin>", input)
	if err != nil {
		fail(err)
	}
	if err := printer.Fprint(os.Stdout, file); err != nil {
		fail(err)
	}
	fmt.Println()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
