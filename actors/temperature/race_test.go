//go:build race

package temperature_test

// thin is how many times fewer cases are tried: race instrumentation makes each
// ten times slower.
const thin = 3
