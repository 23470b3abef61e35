//go:build !race

package automation_test

// thin is how many times fewer seeds are tried: none is left out.
const thin = 1
