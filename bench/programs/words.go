// SPDX-License-Identifier: Apache-2.0

// What go build translates and links.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
)

func main() {
	count := map[string]int{}
	for _, word := range strings.Fields("a b c a b a") {
		count[word]++
	}
	names := make([]string, 0, len(count))
	for name := range count {
		names = append(names, name)
	}
	sort.Strings(names)
	text, err := json.Marshal(count)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(names, string(text))
}
