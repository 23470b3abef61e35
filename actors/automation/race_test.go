//go:build race

package automation_test

// thin is how many times fewer seeds are tried: race instrumentation makes each
// ten times slower.
const thin = 3
